;;; language.el --- from an image to its Dockerfile and its route; says what it sees  -*- lexical-binding: t; -*-

(setq user-emacs-directory (expand-file-name "emacs/" (getenv "HOME")))
(require 'eglot)
(require 'imenu)
(load (getenv "PLAYPEN_EL") nil t)
(setq playpen-ls-command (list (getenv "PLAYPEN_PYTHON") "-m" "playpen_ls")
      eglot-sync-connect 60
      eglot-confirm-server-edits nil
      xref-prompt-for-identifier nil)
;; As the packages name them that bring these modes.
(dolist (mode '(dockerfile-mode yaml-mode groovy-mode))
  (unless (fboundp mode) (eval `(define-derived-mode ,mode prog-mode ,(symbol-name mode)))))

(with-current-buffer (get-buffer-create "a Dockerfile")
  (dockerfile-mode)
  (modify-syntax-entry ?= ".")) ; as in the package: `=' is no part of a symbol

(defun say (&rest what)
  (princ (concat (json-encode what) "\n")))

(defun until (what)
  "Call WHAT until it returns something: the project may not have been read yet."
  (let ((end (+ (float-time) 120)) found)
    (while (and (not (setq found (funcall what))) (< (float-time) end))
      (accept-process-output nil 0.2))
    (or found (error "Nothing is seen: %S" what))))

(defun visit (name mode)
  (find-file (expand-file-name name (getenv "PLAYPEN_FOLDER")))
  (unless (eq major-mode mode) (funcall mode))
  (unless (eglot-managed-p) (call-interactively #'eglot)))

(defun to (words)
  (goto-char (point-min))
  (search-forward words)
  (goto-char (1+ (match-beginning 0))))

(defun places (items)
  (mapcar (lambda (item)
            (let ((place (xref-item-location item)))
              (format "%s:%s" (file-name-nondirectory (xref-location-group place)) (xref-location-line place))))
          items))

(defun definitions () (ignore-errors (xref-backend-definitions 'eglot (xref-backend-identifier-at-point 'eglot))))

(defun hover ()
  (let (shown)
    (eglot-hover-eldoc-function (lambda (text &rest _) (setq shown text)))
    (let ((end (+ (float-time) 5)))
      (while (and (not shown) (< (float-time) end)) (accept-process-output nil 0.1)))
    (and shown (substring-no-properties shown))))

(defun imenu-names ()
  (setq imenu--index-alist nil)
  (let (names)
    (cl-labels ((walk (list) (dolist (one list)
                               (when (car-safe one)
                                 (push (substring-no-properties (car one)) names)
                                 (when (consp (cdr one)) (walk (cdr one)))))))
      (walk (ignore-errors (funcall imenu-create-index-function))))
    (nreverse names)))

(say :step "version" :version emacs-version)
(visit "k8s/shop.yaml" 'yaml-mode)
(to "nexus:5000/shop")
(say :step "definition" :places (until (lambda () (places (definitions)))))
(say :step "hover" :text (until (lambda () (let ((text (hover))) (and text (string-match-p "built from" text) text)))))
(to "/health")
(say :step "references"
     :places (until (lambda () (places (ignore-errors (xref-backend-references 'eglot "LSP identifier at point."))))))
(say :step "symbols of a manifest" :names (until #'imenu-names))
(visit "shop/Dockerfile" 'dockerfile-mode)
(to "built")
(until (lambda () (or (ignore-errors (eglot-rename "runtime")) (search-forward "runtime" nil t))))
(say :step "rename" :text (buffer-substring-no-properties (point-min) (point-max)))
(goto-char (point-max))
(insert "COPY --from=")
(say :step "completion"
     :names (until (lambda ()
                     (eglot--signal-textDocument/didChange)
                     (pcase (eglot-completion-at-point)
                       (`(,start ,end ,table . ,_)
                        (let* ((text (buffer-substring-no-properties start end))
                               (found (completion-all-completions text table nil (length text)
                                                                  (completion-metadata text table nil))))
                          (when (consp found)
                            (setcdr (last found) nil) ; the length of what stays
                            (mapcar #'substring-no-properties found))))))))
(set-buffer-modified-p nil)
(visit "Jenkinsfile" 'groovy-mode)
(say :step "symbols" :names (until #'imenu-names))
(say :step "workspace symbols"
     :names (until (lambda () (mapcar #'xref-item-summary (xref-backend-apropos 'eglot "Deployment shop")))))
;; The findings of all files, when they are turned on.
(setq-default eglot-workspace-configuration '(:playpen (:diagnostics (:scope "workspace"))))
(eglot-signal-didChangeConfiguration (eglot-current-server))
(say :step "closed files"
     :files (until (lambda ()
                     (let ((files (mapcar (lambda (one) (file-name-nondirectory (car one)))
                                          flymake-list-only-diagnostics)))
                       (and (member "closed.py" files) files)))))
(say :step "done")
;;; language.el ends here

;;; session.el --- drives Emacs as a user would; says what it sees, one Lisp form a line  -*- lexical-binding: t; -*-

(setq user-emacs-directory (expand-file-name "emacs/" (getenv "HOME")))
(require 'eglot)
(load (getenv "PLAYPEN_EL") nil t)
;; Behind a shell: a child that is stopped is none to which Emacs would write, and a server that hangs runs.
(setq playpen-ls-command (list "sh" "-c" "\"$PLAYPEN_PYTHON\" -m playpen_ls; exit")
      eglot-sync-connect 30
      inhibit-message nil)

(defun say (&rest what)
  (princ (concat (json-encode what) "\n")))

(defun until (what)
  (let ((end (+ (float-time) 20)) found)
    (while (and (not (setq found (funcall what))) (< (float-time) end))
      (accept-process-output nil 0.05))
    found))

(defun found (words)
  (flymake-start)
  (seq-find (lambda (one) (string-match-p words (flymake-diagnostic-text one))) (flymake-diagnostics)))

(defun choose (title)
  (let ((completing-read-function
         (lambda (_ collection &rest _)
           (seq-find (lambda (one) (string-match-p title one)) (all-completions "" collection))))
        (last-nonmenu-event ?a) ; no menu of the mouse
        (eglot-confirm-server-edits nil)
        (eglot-confirm-server-initiated-edits nil))
    (call-interactively #'eglot-code-actions)))

(defun server-pid ()
  (let ((shell (process-id (jsonrpc--process (eglot-current-server)))))
    (seq-find (lambda (pid) (eql shell (alist-get 'ppid (process-attributes pid)))) (list-system-processes))))

(defun words-of (one)
  (buffer-substring-no-properties (flymake-diagnostic-beg one) (flymake-diagnostic-end one)))

;; As the packages name it that bring these modes.
(unless (fboundp 'dockerfile-mode) (define-derived-mode dockerfile-mode prog-mode "Dockerfile"))

(say :step "version" :version emacs-version)
(let ((file (expand-file-name "app.py" (getenv "PLAYPEN_FOLDER"))))
  (find-file file)
  (python-mode)
  (call-interactively #'eglot)
  (let ((one (until (lambda () (found "hard-coded")))))
    (say :step "see" :words (and one (words-of one)) :coding (symbol-name buffer-file-coding-system)))
  ;; Fixes are safe when the project is known.
  (jsonrpc-request (eglot-current-server) :workspace/executeCommand
                   (list :command "playpen-ls.checkWorkspace" :arguments []))
  (playpen-ls-fix-on-save)
  (goto-char (point-max))
  (insert "# typed 😀\n")
  (save-buffer)
  (say :step "save" :buffer (buffer-string))
  ;; A quick fix, chosen by the user.
  (find-file (expand-file-name "Dockerfile" (getenv "PLAYPEN_FOLDER")))
  (dockerfile-mode)
  (let ((one (until (lambda () (found "invalidates the cached install layer")))))
    (goto-char (flymake-diagnostic-beg one))
    (choose "^Copy `requirements.txt` before")
    (say :step "fix" :buffer (buffer-string))
    (save-buffer))
  (find-file file)
  ;; A server that hangs: the save goes on after the time that it is given.
  (let ((server (server-pid)) state)
    (signal-process server 'STOP)
    (goto-char (point-max))
    (insert "# beside a server that hangs\n")
    (save-buffer)
    (setq state (alist-get 'state (process-attributes server)))
    (signal-process server 'CONT)
    (say :step "hanging" :state state))
  ;; A server that is killed: the save goes on.
  (let ((eglot-autoreconnect nil))
    (signal-process (server-pid) 'KILL)
    (goto-char (point-max))
    (insert "# without a server\n")
    ;; eglot 1.9 itself fails after the save, when it tells the dead server of it.
    (ignore-errors (save-buffer)))
  (say :step "killed"))

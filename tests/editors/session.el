;;; session.el --- drives Emacs as a user would; says what it sees, one Lisp form a line  -*- lexical-binding: t; -*-

(setq user-emacs-directory (expand-file-name "emacs/" (getenv "HOME")))
(require 'eglot)
(load (getenv "PLAYPEN_EL") nil t)
(setq playpen-ls-command (list (getenv "PLAYPEN_PYTHON") "-m" "playpen_ls")
      eglot-sync-connect 30
      inhibit-message nil)

(defun say (&rest what)
  (princ (concat (json-encode what) "\n")))

(defun until (what)
  (let ((end (+ (float-time) 20)) found)
    (while (and (not (setq found (funcall what))) (< (float-time) end))
      (accept-process-output nil 0.05))
    found))

(defun ours ()
  (flymake-start)
  (seq-filter (lambda (one) (string-match-p "hard-coded" (flymake-diagnostic-text one)))
              (flymake-diagnostics)))

(say :step "version" :version emacs-version)
(let ((file (expand-file-name "app.py" (getenv "PLAYPEN_FOLDER"))))
  (find-file file)
  (python-mode)
  (call-interactively #'eglot)
  (until #'ours)
  (let ((one (car (ours))))
    (say :step "see" :words (and one (buffer-substring-no-properties
                                      (flymake-diagnostic-beg one) (flymake-diagnostic-end one)))
         :coding (symbol-name buffer-file-coding-system)))
  ;; Fixes are safe when the project is known.
  (jsonrpc-request (eglot-current-server) :workspace/executeCommand
                   (list :command "playpen-ls.checkWorkspace" :arguments []))
  (playpen-ls-fix-on-save)
  (goto-char (point-max))
  (insert "# typed 😀\n")
  (save-buffer)
  (say :step "save" :buffer (buffer-string))
  ;; A server that is killed: the save goes on.
  (let ((eglot-autoreconnect nil))
    (signal-process (jsonrpc--process (eglot-current-server)) 'KILL)
    (goto-char (point-max))
    (insert "# without a server\n")
    ;; eglot 1.9 itself fails after the save, when it tells the dead server of it.
    (ignore-errors (save-buffer)))
  (say :step "killed"))

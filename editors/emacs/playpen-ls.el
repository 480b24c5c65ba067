;;; playpen-ls.el --- playpen_ls through eglot  -*- lexical-binding: t; -*-

;; (load "/path/to/playpen_ls/editors/emacs/playpen-ls.el")
;; (add-hook 'python-mode-hook #'eglot-ensure)
;; (playpen-ls-fix-on-save)

(require 'eglot)

(defvar playpen-ls-modes
  '(dockerfile-mode dockerfile-ts-mode groovy-mode jenkinsfile-mode
    yaml-mode yaml-ts-mode python-mode python-ts-mode)
  "The major modes in which playpen-ls runs.")

(defvar playpen-ls-command '("playpen-ls"))

(add-to-list 'eglot-server-programs (cons playpen-ls-modes (lambda (&rest _) playpen-ls-command)))

(defvar playpen-ls-other-modes
  '(docker-compose-mode dotenv-mode conf-mode authinfo-mode nxml-mode sh-mode bash-ts-mode)
  "The major modes of files that are read for secrets only.  Another server for such a mode goes first.")

(add-to-list 'eglot-server-programs (cons playpen-ls-other-modes (lambda (&rest _) playpen-ls-command)) t)

;; Files that have no mode otherwise.
(add-to-list 'auto-mode-alist
             '("/\\(?:\\.env\\(?:\\.[^/]*\\)?\\|[^/]*\\.env\\|\\.npmrc\\|\\.pypirc\\|[._]netrc\\)\\'" . conf-unix-mode)
             t)

(defun playpen-ls-fix ()
  "Apply all safe fixes to this buffer.  A server error is shown and never blocks a save."
  (interactive)
  (when (bound-and-true-p eglot--managed-mode)
    (with-demoted-errors "playpen-ls: %S"
      (eglot--signal-textDocument/didChange)
      (let* ((server (eglot-current-server))
             (actions (jsonrpc-request
                       server :textDocument/codeAction
                       (list :textDocument (eglot--TextDocumentIdentifier)
                             :range (list :start (eglot--pos-to-lsp-position (point-min))
                                          :end (eglot--pos-to-lsp-position (point-max)))
                             :context (list :diagnostics [] :only ["source.fixAll.playpen"]))
                       :timeout 1)))
        (seq-do (lambda (action)
                  (let ((edit (or (plist-get action :edit)
                                  (plist-get (jsonrpc-request server :codeAction/resolve action :timeout 1) :edit))))
                    (when edit (playpen-ls--apply server edit))))
                actions)))))

(defun playpen-ls--apply (_server edit)
  "Apply EDIT without confirmation.  From version 1.17 on, Eglot takes an origin as the last argument."
  (let ((eglot-confirm-server-edits nil)
        (eglot-confirm-server-initiated-edits nil))
    (if (equal (func-arity 'eglot--apply-workspace-edit) '(1 . 2))
        (eglot--apply-workspace-edit edit nil)
      (eglot--apply-workspace-edit edit this-command))))

(defun playpen-ls-fix-on-save ()
  "Apply safe fixes before each save."
  (add-hook 'before-save-hook #'playpen-ls-fix))

(provide 'playpen-ls)
;;; playpen-ls.el ends here

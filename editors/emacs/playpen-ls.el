;;; playpen-ls.el --- Best practices of the Playpen platform, through Eglot  -*- lexical-binding: t; -*-

;; Author: The authors of playpen_ls
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1") (eglot "1.9"))
;; Keywords: languages, tools
;; URL: https://hiranofficial.github.io/playpen/
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Findings in Dockerfiles, Jenkinsfiles, Kubernetes manifests and Python files, with fixes.
;; It needs the program `playpen-ls' on the `exec-path'.

;; (load "/path/to/playpen_ls/editors/emacs/playpen-ls.el")
;; (add-hook 'python-mode-hook #'eglot-ensure)
;; (playpen-ls-fix-on-save)

;;; Code:

(require 'eglot)

(defvar playpen-ls-modes
  '(dockerfile-mode dockerfile-ts-mode groovy-mode jenkinsfile-mode
    yaml-mode yaml-ts-mode python-mode python-ts-mode)
  "The major modes in which playpen-ls runs.")

(defvar playpen-ls-command '("playpen-ls")
  "The command that starts the server.")

(defun playpen-ls--contact (&rest _)
  "Return the command of the server.  Eglot runs one in a buffer, so no other answers."
  (append playpen-ls-command '(:initializationOptions (:peers []))))

(add-to-list 'eglot-server-programs (cons playpen-ls-modes #'playpen-ls--contact))

(defvar playpen-ls-other-modes
  '(docker-compose-mode dotenv-mode conf-mode authinfo-mode nxml-mode sh-mode bash-ts-mode)
  "The major modes of files that are read for secrets only.  Another server for such a mode goes first.")

(add-to-list 'eglot-server-programs (cons playpen-ls-other-modes #'playpen-ls--contact) t)

;; Files that have no mode otherwise.
(add-to-list 'auto-mode-alist
             '("/\\(?:\\.env\\(?:\\.[^/]*\\)?\\|[^/]*\\.env\\|\\.npmrc\\|\\.pypirc\\|[._]netrc\\)\\'" . conf-unix-mode)
             t)

;;;###autoload
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

;;;###autoload
(defun playpen-ls-fix-on-save ()
  "Apply safe fixes before each save."
  (add-hook 'before-save-hook #'playpen-ls-fix))

(provide 'playpen-ls)
;;; playpen-ls.el ends here

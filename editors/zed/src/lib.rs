//! Starts `playpen-ls` from the PATH of the worktree, or as the settings of Zed name it.
use zed_extension_api::{self as zed, serde_json::Value, settings::LspSettings, LanguageServerId, Result, Worktree};

struct Playpen;

impl zed::Extension for Playpen {
    fn new() -> Self {
        Playpen
    }

    fn language_server_command(&mut self, id: &LanguageServerId, worktree: &Worktree) -> Result<zed::Command> {
        let named = LspSettings::for_worktree(id.as_ref(), worktree)?.binary;
        let (path, arguments) = named.map_or((None, None), |binary| (binary.path, binary.arguments));
        let command = path
            .or_else(|| worktree.which("playpen-ls"))
            .ok_or("playpen-ls is not on the PATH: install it, or set `lsp.playpen-ls.binary.path`")?;
        Ok(zed::Command { command, args: arguments.unwrap_or_default(), env: worktree.shell_env() })
    }

    fn language_server_initialization_options(&mut self, id: &LanguageServerId, worktree: &Worktree) -> Result<Option<Value>> {
        Ok(LspSettings::for_worktree(id.as_ref(), worktree)?.initialization_options)
    }

    fn language_server_workspace_configuration(&mut self, id: &LanguageServerId, worktree: &Worktree) -> Result<Option<Value>> {
        Ok(LspSettings::for_worktree(id.as_ref(), worktree)?.settings)
    }
}

zed::register_extension!(Playpen);

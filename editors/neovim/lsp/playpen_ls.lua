-- playpen_ls in Neovim 0.11 or later: vim.lsp.enable('playpen_ls')
return {
  cmd = { 'playpen-ls' },
  filetypes = { 'dockerfile', 'groovy', 'Jenkinsfile', 'yaml', 'json', 'python', 'toml' },
  root_markers = { 'playpen.toml', '.git' },
  settings = { playpen = {} }, -- { ignore = { 'rule', ... }, severity = { rule = 'off' } }
}

-- playpen_ls in Neovim 0.11 or later: vim.lsp.enable('playpen_ls')
return {
  cmd = { 'playpen-ls' },
  filetypes = {
    'dockerfile', 'groovy', 'Jenkinsfile', 'yaml', 'json', 'python', 'toml',
    -- of `.env`, compose files, `.properties`, `.npmrc`, `.netrc`, `settings.xml`; other files of these types are not checked
    'sh', 'env', 'yaml.docker-compose', 'yaml.helm-values', 'jproperties', 'dosini', 'conf', 'cfg', 'netrc', 'xml',
  },
  root_markers = { 'playpen.toml', '.git' },
  settings = { playpen = {} }, -- { ignore = { 'rule', ... }, severity = { rule = 'off' } }
}

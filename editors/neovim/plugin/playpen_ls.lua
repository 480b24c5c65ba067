-- Commands, and the file types that vim.lsp.enable() does not get.
if vim.g.loaded_playpen_ls then
  return
end
vim.g.loaded_playpen_ls = true

local function command(name, run, options)
  vim.api.nvim_create_user_command(name, run, options)
end

command('PlaypenFix', function()
  require('playpen_ls').fix(0)
end, { desc = 'Apply all safe fixes to the buffer' })

command('PlaypenExplain', function(given)
  require('playpen_ls').explain(given.args)
end, {
  desc = 'Show the page of a rule, by default of a finding on this line',
  nargs = '?',
  complete = function(typed)
    return vim.tbl_filter(function(id)
      return id:find(typed, 1, true) ~= nil
    end, require('playpen_ls').rules())
  end,
})

command('PlaypenCheck', function()
  require('playpen_ls').check()
end, { desc = 'List the findings of the whole project' })

if vim.lsp.is_enabled then
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('playpen_ls_more', {}),
    pattern = { 'Jenkinsfile', 'yaml.docker-compose', 'yaml.helm-values' },
    callback = function(event)
      if vim.lsp.is_enabled('playpen_ls') then
        local config = vim.deepcopy(vim.lsp.config.playpen_ls)
        config.root_dir = config.root_dir or vim.fs.root(event.buf, config.root_markers or {})
        vim.lsp.start(config, { bufnr = event.buf })
      end
    end,
  })
end

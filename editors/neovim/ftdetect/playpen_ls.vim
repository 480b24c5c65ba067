" Neovim before 0.8 knows no Jenkinsfile, and later ones not each of its names; a file type that is set stays.
autocmd BufRead,BufNewFile Jenkinsfile,Jenkinsfile.*,Jenkinsfile-*,*.jenkinsfile setfiletype groovy
autocmd BufRead,BufNewFile Containerfile,Containerfile.*,*.dockerfile,*.Dockerfile setfiletype dockerfile

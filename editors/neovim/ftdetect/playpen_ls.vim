" Neovim before 0.8 does not detect Jenkinsfiles, later versions not all of their names; a detected file type is kept.
autocmd BufRead,BufNewFile Jenkinsfile,Jenkinsfile.*,Jenkinsfile-*,Jenkinsfile_*,*-Jenkinsfile,*_Jenkinsfile setfiletype groovy
autocmd BufRead,BufNewFile *.jenkinsfile,*.Jenkinsfile,*.jenkinsFile,jenkinsfile,JenkinsFile setfiletype groovy
autocmd BufRead,BufNewFile Dockerfile-*,Dockerfile_*,dockerfile,Containerfile,Containerfile.*,*.dockerfile,*.Dockerfile setfiletype dockerfile
" Files that are read for secrets, if they have no file type.
autocmd BufRead,BufNewFile .pypirc,pip.conf setfiletype dosini
autocmd BufRead,BufNewFile .env.*,*.env setfiletype sh

module github.com/OWNER/enishi/plugin/hugo-enishi

go 1.20

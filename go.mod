module github.com/vedette-soc/vedette

go 1.26.0

require github.com/google/go-cmp v0.7.0

module github.com/vedette-soc/vedette

go 1.26.0

package config

import (
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// source is this package's own documentation, so that the printed file and the
// struct can never differ.
//
//go:embed config.go intake.go transport.go
var source embed.FS

// Print writes c as a configuration file in which every key is explained by the
// comment of its field.
func Print(w io.Writer, c Config) error {
	docs, err := comments()
	if err != nil {
		return err
	}
	node, err := toNode(reflect.ValueOf(c), docs)
	if err != nil {
		return err
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(node); err != nil {
		return err
	}
	return enc.Close()
}

// comments returns the comment of every field, by "Struct.Field".
func comments() (map[string]string, error) {
	docs := map[string]string{}
	for _, name := range []string{"config.go", "intake.go", "transport.go"} {
		text, err := source.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read own documentation: %w", err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("read own documentation: %w", err)
		}
		collect(f, docs)
	}
	return docs, nil
}

// collect adds the comments of one file.
func collect(f *ast.File, docs map[string]string) {
	ast.Inspect(f, func(n ast.Node) bool {
		t, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		s, ok := t.Type.(*ast.StructType)
		if !ok {
			return true
		}
		for _, field := range s.Fields.List {
			for _, name := range field.Names {
				docs[t.Name.Name+"."+name.Name] = strings.TrimSpace(field.Doc.Text())
			}
		}
		return true
	})
}

func toNode(v reflect.Value, docs map[string]string) (*yaml.Node, error) {
	if v.Kind() != reflect.Struct {
		var n yaml.Node
		return &n, n.Encode(v.Interface())
	}
	m := &yaml.Node{Kind: yaml.MappingNode}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		value, err := toNode(v.Field(i), docs)
		if err != nil {
			return nil, err
		}
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: f.Tag.Get("yaml"), HeadComment: docs[v.Type().Name()+"."+f.Name]}
		m.Content = append(m.Content, key, value)
	}
	return m, nil
}

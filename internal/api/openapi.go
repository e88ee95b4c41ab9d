package api

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/ref"
)

// object is a JSON object of the description.
type object map[string]any

// openapi describes every route (OpenAPI 3.1).
func (a *API) openapi() object {
	d := describer{schemas: object{}}
	paths := object{}
	for _, r := range a.routes() {
		p, _ := paths[r.path].(object)
		if p == nil {
			p = object{}
			paths[r.path] = p
		}
		p[strings.ToLower(r.method)] = d.operation(r)
	}
	return object{
		"openapi": "3.1.0",
		"info":    object{"title": "Vedette", "version": a.cfg.Version, "description": "Threat intelligence in the daily work of a security operations centre."},
		"paths":   paths,
		"components": object{
			"schemas":         d.schemas,
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}},
		},
	}
}

type describer struct{ schemas object }

func (d describer) operation(r route) object {
	op := object{"summary": r.summary, "x-role": r.role.String(), "operationId": operationID(r)}
	if r.role > ref.Nobody {
		op["security"] = []object{{"token": []string{}}}
	}
	var params []object
	if strings.Contains(r.path, "{id}") {
		params = append(params, object{"name": "id", "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, q := range r.query {
		params = append(params, object{"name": q, "in": "query", "schema": object{"type": parameterType(q)}})
	}
	if params != nil {
		op["parameters"] = params
	}
	switch {
	case r.raw:
		op["requestBody"] = object{"required": true, "content": object{"application/octet-stream": object{"schema": object{"type": "string", "format": "binary"}}}}
	case r.in != nil && r.in.NumField() > 0:
		op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": d.schema(r.in)}}}
	}
	good := object{"description": "done"}
	if r.media != "" {
		good["content"] = object{r.media: object{"schema": object{"type": "string", "format": "binary"}}}
		good["headers"] = object{ReportTrailer: object{"description": "Trailer: what is in the answer, as JSON.", "schema": object{"type": "string"}}}
	} else if r.out != nil {
		good["content"] = object{"application/json": object{"schema": d.schema(r.out)}}
	}
	bad := object{"description": "not done", "content": object{"application/json": object{"schema": d.schema(reflect.TypeFor[Failure]())}}}
	op["responses"] = object{"200": good, "default": bad}
	return op
}

func operationID(r route) string {
	p := strings.NewReplacer("/api/v1/", "", "{id}", "one", "/", "-", ".", "-").Replace(r.path)
	return strings.ToLower(r.method) + "-" + p
}

// schema describes a Go type as encoding/json writes it.
func (d describer) schema(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[time.Duration]():
		return object{"type": "integer", "description": "nanoseconds"}
	case reflect.TypeFor[ref.Role](), reflect.TypeFor[indicator.TLP]():
		return object{"type": "string"}
	case reflect.TypeFor[event.Event](), reflect.TypeFor[json.RawMessage]():
		return object{"type": "object"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return d.schema(t.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice, reflect.Array:
		return object{"type": "array", "items": d.schema(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": d.schema(t.Elem())}
	case reflect.Interface:
		return object{}
	case reflect.Struct:
		return d.structure(t)
	}
	return object{"type": "integer"}
}

func (d describer) structure(t reflect.Type) object {
	name := schemaName(t)
	here := object{"$ref": "#/components/schemas/" + name}
	if _, done := d.schemas[name]; done {
		return here
	}
	d.schemas[name] = object{} // ends recursion
	props := object{}
	d.fields(t, props)
	d.schemas[name] = object{"type": "object", "properties": props}
	return here
}

func (d describer) fields(t reflect.Type, props object) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case f.Anonymous && name == "":
			d.fields(f.Type, props)
		case name == "":
			props[f.Name] = d.schema(f.Type)
		default:
			props[name] = d.schema(f.Type)
		}
	}
}

// schemaName is the package and name of a type: "alert.Incident", "Page.Incident".
func schemaName(t reflect.Type) string {
	name := t.Name()
	if base, arg, ok := strings.Cut(name, "["); ok {
		arg = strings.TrimSuffix(arg, "]")
		name = base + "." + arg[strings.LastIndexByte(arg, '/')+1:]
		return name
	}
	pkg := t.PkgPath()
	return pkg[strings.LastIndexByte(pkg, '/')+1:] + "." + name
}

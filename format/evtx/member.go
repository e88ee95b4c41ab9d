package evtx

// element writes the value of an element.
func (r *renderer) element(k kid) {
	if r.depth++; r.depth > maxDepth {
		r.fail("too-deep", "elements are nested deeper than %d", maxDepth)
	}
	defer func() { r.depth-- }()
	if !r.room(len(k.key)) {
		return
	}
	e, from := k.element, len(r.kids)
	texts := r.gather(e.content, k.values, e.name.text == "EventData")
	to := len(r.kids)
	object := len(r.out)
	r.out = append(r.out, '{')
	r.attributes(k)
	if from == to && len(r.out) == object+1 {
		r.out = r.out[:object]
		r.scalar(e.content, k.values, texts)
		return
	}
	if texts > 0 {
		if len(r.out) > object+1 {
			r.out = append(r.out, ',')
		}
		r.out = append(r.out, `"#text":`...)
		r.scalar(e.content, k.values, texts)
	}
	r.members(from, to)
	r.out = append(r.out, '}')
	clear(r.kids[from:])
	r.kids = r.kids[:from]
}

// attributes writes the member "#attributes" unless there are none: an attribute
// whose optional value is null is left out, as Windows does.
func (r *renderer) attributes(k kid) {
	opened := false
	for _, a := range k.element.attributes {
		if k.named && a.name.text == "Name" || r.omitted(a, k.values) || !r.room(len(a.name.quoted)) {
			continue
		}
		if opened {
			r.out = append(r.out, ',')
		} else {
			r.out = append(r.out, `"#attributes":{`...)
			opened = true
		}
		r.out = append(append(r.out, a.name.quoted...), ':')
		if len(a.content) == 0 {
			r.out = append(r.out, `""`...)
		} else {
			r.scalar(a.content, k.values, len(a.content))
		}
	}
	if opened {
		r.out = append(r.out, '}')
	}
}

func (r *renderer) omitted(a attribute, values []value) bool {
	if len(a.content) != 1 || !a.content[0].optional {
		return false
	}
	kind, _ := r.value(a.content[0], values)
	return kind == kindNull
}

// scalar writes the text of a content: typed where it is one value.
func (r *renderer) scalar(content []piece, values []value, texts int) {
	if texts == 0 {
		r.out = append(r.out, "null"...)
		return
	}
	if texts == 1 {
		for _, p := range content {
			if kind, b := r.value(p, values); kind != kindNull && kind != kindXML {
				r.typed(kind, b)
				return
			}
		}
	}
	r.out = append(r.out, '"')
	r.concat(content, values)
	r.out = append(r.out, '"')
}

// typed writes one value as JSON.
func (r *renderer) typed(kind byte, b []byte) {
	switch {
	case !r.room(len(b)):
	case kind&kindArray == 0:
		r.out = appendJSON(r.out, kind, b)
	case len(b) == 0:
		r.out = append(r.out, "null"...)
	default:
		r.out = append(r.out, '[')
		r.items(kind, b)
		r.out = append(r.out, ']')
	}
}

// items writes the elements of an array, without its brackets.
func (r *renderer) items(kind byte, b []byte) {
	kind &^= kindArray
	first := true
	for item := range items(kind, b) {
		if !r.room(len(item)) {
			return
		}
		if !first {
			r.out = append(r.out, ',')
		}
		first = false
		r.out = appendJSON(r.out, kind, item)
	}
}

// concat writes all text of a content as it stands between quotes.
func (r *renderer) concat(content []piece, values []value) {
	for _, p := range content {
		if inner, with, ok := r.inside(p, values); ok {
			r.concat(inner, with)
			r.depth--
			continue
		}
		switch kind, b := r.value(p, values); {
		case !r.room(len(p.text) + len(b)):
			return
		case p.kind == literal:
			r.out = append(r.out, p.text...)
		case p.kind == child:
		case kind&kindArray == 0:
			r.out = appendText(r.out, kind, b)
		default:
			sep := ""
			for item := range items(kind&^kindArray, b) {
				r.out = appendText(append(r.out, sep...), kind&^kindArray, item)
				sep = ", "
			}
		}
	}
}

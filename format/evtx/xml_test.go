package evtx_test

import (
	"encoding/json"
	"testing"

	x "github.com/vedette-soc/vedette/format/evtxtest"
)

func element(name string, content ...x.Node) x.Element {
	return x.Element{Name: name, Content: content}
}

func with(e x.Element, name string, content ...x.Node) x.Element {
	e.Attributes = append(e.Attributes, x.Attribute{Name: name, Content: content})
	return e
}

func use(content x.Node, values ...x.Value) x.Use {
	return x.Use{Template: &x.Template{Content: []x.Node{content}}, Values: values}
}

func xml(content ...x.Node) x.Value { return x.Value{Kind: 0x21, XML: content} }

func TestXML(t *testing.T) {
	fragment := x.Bytes{0x0f, 1, 1, 0}
	for _, c := range []struct {
		name string
		in   x.Node
		want string
	}{
		{"Empty", element("E"), `{"E":null}`},
		{"Text", element("E", x.Text("a"), x.Text("b")), `{"E":"ab"}`},
		{"CData", element("E", x.CData("<a>"), x.Text("b")), `{"E":"<a>b"}`},
		{
			"References",
			element("E", x.Entity("lt"), x.Entity("gt"), x.Entity("amp"), x.Entity("quot"), x.Entity("apos"), x.Entity("other"), x.Char(0xe9), x.Char('"'), x.Char(0xd800)),
			`{"E":"<>&\"'&other;é\"` + "\ufffd" + `"}`,
		},
		{"Instruction", element("E", x.Instruction{Target: "t", Data: "d"}, x.Text("a")), `{"E":"a"}`},
		{"Attributes", with(with(element("E"), "a", x.Text("1"), x.Entity("amp")), "b"), `{"E":{"#attributes":{"a":"1&","b":""}}}`},
		{"AttributeAndText", with(element("E", x.Text("t")), "a", x.Text("1")), `{"E":{"#attributes":{"a":"1"},"#text":"t"}}`},
		{"Elements", element("E", element("A", x.Text("1")), element("B")), `{"E":{"A":"1","B":null}}`},
		{"Mixed", element("E", x.Text("t"), element("A"), x.Text("u")), `{"E":{"#text":"tu","A":null}}`},
		{"Repeated", element("E", element("A", x.Text("1")), element("B"), element("A"), element("A", element("C"))), `{"E":{"A":["1",null,{"C":null}],"B":null}}`},
		{"Fragments", element("E", fragment, element("A")), `{"E":{"A":null}}`},

		{"Data", element("EventData", x.Data("a", x.Text("1")), x.Data("b"), x.Data("c\"", x.Text("2"))), `{"EventData":{"a":"1","b":null,"c\"":"2"}}`},
		{"DataTwice", element("EventData", x.Data("a", x.Text("1")), x.Data("a", x.Text("2"))), `{"EventData":{"a":["1","2"]}}`},
		{"DataUnnamed", element("EventData", element("Data", x.Text("1")), element("Data"), with(element("Data", x.Text("3")), "Name")), `{"EventData":{"Data":["1",null,{"#attributes":{"Name":""},"#text":"3"}]}}`},
		{"DataAttributes", element("EventData", with(x.Data("a", x.Text("1")), "Type", x.Text("t"))), `{"EventData":{"a":{"#attributes":{"Type":"t"},"#text":"1"}}}`},
		{"DataNameOpen", use(element("EventData", with(element("Data", x.Slot(1)), "Name", x.Slot(0))), x.String("n"), x.Uint(5)), `{"EventData":{"n":5}}`},
		{"DataElsewhere", element("Other", x.Data("a", x.Text("1"))), `{"Other":{"Data":{"#attributes":{"Name":"a"},"#text":"1"}}}`},

		{"Substituted", use(element("E", x.Slot(0)), x.Uint(7)), `{"E":7}`},
		{"SubstitutedInText", use(element("E", x.Text("n="), x.Slot(0), x.Text(" s="), x.Slot(1)), x.Uint(7), x.Value{Kind: 0x88, Data: bytes32(1, 2)}), `{"E":"n=7 s=1, 2"}`},
		{"SubstitutedNull", use(element("E", x.Text("a"), x.Optional(0)), x.Value{}), `{"E":"a"}`},
		{"NoSuchValue", use(element("E", x.Slot(9))), `{"E":null}`},
		{"OptionalAttribute", use(with(with(element("E"), "a", x.Optional(0)), "b", x.Optional(1)), x.Value{}, x.Uint(1)), `{"E":{"#attributes":{"b":1}}}`},
		{"OptionalAttributes", use(with(element("E"), "a", x.Optional(0)), x.Value{}), `{"E":null}`},
		{"ArrayRepeats", use(element("EventData", element("Data", x.Slot(0)), element("Data", x.Text("c"))), x.Value{Kind: 0x81, Data: x.Wide("a\x00b\x00")}), `{"EventData":{"Data":["a","b","c"]}}`},

		{"Nested", use(element("E", x.Slot(0)), xml(element("A", x.Text("1")), element("B"))), `{"E":{"A":"1","B":null}}`},
		{"NestedFragment", use(element("E", x.Slot(0)), xml(fragment, element("A"))), `{"E":{"A":null}}`},
		{"NestedTemplate", use(element("E", x.Slot(0)), xml(fragment, use(element("EventData", x.Data("n", x.Slot(0))), x.Uint(3)))), `{"E":{"EventData":{"n":3}}}`},
		{"NestedData", use(element("EventData", x.Slot(0)), xml(x.Data("n", x.Text("1")))), `{"EventData":{"n":"1"}}`},
		{"NestedText", use(element("E", x.Text("a"), x.Slot(0)), xml(x.Text("b"))), `{"E":"ab"}`},
		{"NestedEmpty", use(element("E", x.Slot(0)), xml()), `{"E":null}`},
		{"TemplateInTemplate", element("E", use(element("A", use(element("B", x.Slot(0)), x.Uint(1))))), `{"E":{"A":{"B":1}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := record(t, c.in)
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if !json.Valid([]byte(got)) {
				t.Error("not JSON")
			}
		})
	}
}

// TestManyElements: the other way of finding elements of one name.
func TestManyElements(t *testing.T) {
	var in []x.Node
	want := `{"E":{"A":[`
	for range 100 {
		in = append(in, element("A"))
		want += "null,"
	}
	in = append(in, element("B"))
	if got := record(t, element("E", in...)); got != want[:len(want)-1]+`],"B":null}}` {
		t.Errorf("got %s", got)
	}
}

package evtxtest

import (
	"encoding/binary"
	"time"
)

// Header is what differs between the events that Event makes.
type Header struct {
	Provider string
	Channel  string
	ID       uint16
	Record   uint64    // EventRecordID
	Time     time.Time // TimeCreated
}

// event is how Windows writes every event: a template with all of System open,
// and the event's own part as binary XML in the last value.
var event = &Template{Content: []Node{Element{
	Name:       "Event",
	Attributes: []Attribute{{"xmlns", []Node{Text("http://schemas.microsoft.com/win/2004/08/events/event")}}},
	Content: []Node{
		Element{Name: "System", Content: []Node{
			Element{Name: "Provider", Attributes: []Attribute{{"Name", []Node{Slot(0)}}, {"Guid", []Node{Optional(1)}}}},
			Element{Name: "EventID", Content: []Node{Slot(2)}},
			Element{Name: "Level", Content: []Node{Slot(3)}},
			Element{Name: "Keywords", Content: []Node{Slot(4)}},
			Element{Name: "TimeCreated", Attributes: []Attribute{{"SystemTime", []Node{Slot(5)}}}},
			Element{Name: "EventRecordID", Content: []Node{Slot(6)}},
			Element{Name: "Correlation", Attributes: []Attribute{{"ActivityID", []Node{Optional(7)}}}},
			Element{Name: "Execution", Attributes: []Attribute{{"ProcessID", []Node{Slot(8)}}, {"ThreadID", []Node{Slot(9)}}}},
			Element{Name: "Channel", Content: []Node{Slot(10)}},
			Element{Name: "Computer", Content: []Node{Slot(11)}},
			Element{Name: "Security", Attributes: []Attribute{{"UserID", []Node{Optional(12)}}}},
		}},
		Slot(13),
	},
}}}

// Event is an event of the computer ws5 with this header and body, such as
// EventData.
func Event(h Header, body ...Node) Node {
	wide := func(kind byte, n uint64) Value {
		return Value{Kind: kind, Data: binary.LittleEndian.AppendUint64(nil, n)}
	}
	return Use{event, []Value{
		String(h.Provider),
		{},
		{Kind: 0x06, Data: binary.LittleEndian.AppendUint16(nil, h.ID)},
		{Kind: 0x04, Data: []byte{4}},
		wide(0x15, 0x8000000000000000),
		wide(0x11, Ticks(h.Time)),
		wide(0x0a, h.Record),
		{},
		Uint(3544),
		Uint(4272),
		String(h.Channel),
		String("ws5"),
		{Kind: 0x13, Data: []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}},
		{Kind: 0x21, XML: body},
	}}
}

// String is a value of text.
func String(s string) Value { return Value{Kind: 0x01, Data: Wide(s)} }

// Uint is a value of 32 bits.
func Uint(n uint32) Value {
	return Value{Kind: 0x08, Data: binary.LittleEndian.AppendUint32(nil, n)}
}

// processData is the body of a process start; its first use in a chunk defines
// it, as with any template.
var processData = &Template{Content: []Node{Element{Name: "EventData", Content: []Node{
	Data("UtcTime", Slot(0)), Data("ProcessId", Slot(1)), Data("Image", Slot(2)), Data("CommandLine", Slot(3)), Data("User", Slot(4)),
}}}}

// Data is an element of EventData.
func Data(name string, content ...Node) Element {
	return Element{Name: "Data", Attributes: []Attribute{{"Name", []Node{Text(name)}}}, Content: content}
}

// Process is the start of a program as Sysmon reports it.
func Process(record uint64, at time.Time, image, commandLine string) Node {
	h := Header{Provider: "Microsoft-Windows-Sysmon", Channel: "Microsoft-Windows-Sysmon/Operational", ID: 1, Record: record, Time: at}
	return Event(h, Use{processData, []Value{
		String(at.UTC().Format("2006-01-02 15:04:05.000")), Uint(4460), String(image), String(commandLine), String(`LAB\kim`),
	}})
}

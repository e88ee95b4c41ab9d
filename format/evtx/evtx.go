// Package evtx reads EVTX files, in which Windows keeps its event logs.
//
// [Container] makes them a container of the Windows format, so that a reader of
// that format reads EVTX as well:
//
//	events := windows.Format()
//	events.Containers = []format.Container{evtx.Container()}
//
// Each record comes as JSON, {"Event":{"System":{…},"EventData":{…}}}, which the
// Windows format reads and which stands for the record where it is kept. Values
// keep their types: numbers and booleans are JSON's; all else is spelled as
// Windows spells it in XML.
//
// Promises: one chunk of 64 KiB is held at a time; what is damaged is reported
// in its place, and every record that is whole is given, also from files that
// were not closed or are cut off; depth, work and size are bounded per record
// and per chunk, whatever the file claims.
//
// The format is described in Microsoft's [MS-EVEN6] (binary XML) and in the
// documentation of libyal's libevtx (file, chunk, record).
package evtx

import (
	"io"

	"github.com/vedette-soc/vedette/format"
)

const (
	fileMagic   = "ElfFile\x00"
	chunkMagic  = "ElfChnk\x00"
	recordMagic = "\x2a\x2a\x00\x00"

	fileHeader   = 4096
	chunkSize    = 64 << 10
	chunkHeader  = 512
	recordHeader = 24
	recordMin    = recordHeader + 4 // and a copy of its size at its end
)

// Limits on what a hostile chunk can cost. The busiest real ones met took 0.27
// steps of work for each byte.
const (
	maxDepth  = 28   // elements in each other; in JSON twice that, below format.MaxDepth
	maxValues = 8192 // of one template instance
	maxWork   = 4    // steps for each byte of a chunk; see chunk.spend
	someWork  = 4096 // steps for any chunk
)

// Container returns EVTX as a container of Windows events.
func Container() format.Container {
	return format.Container{Magic: fileMagic, Open: func(in io.Reader, maxRecord int) format.Records {
		return &file{in: in, max: maxRecord}
	}}
}

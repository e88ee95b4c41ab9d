package fetch

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"strings"

	"github.com/therootcompany/xz"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/vedette-soc/vedette/internal/errs"
)

// maxNesting is how often an archive may sit in another: once.
const maxNesting = 2

// stream hands r over, unpacking it when it is an archive by its first bytes.
func (w *walker) stream(name string, r io.Reader, depth int) error {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return w.readError(name, err)
	}
	if depth < maxNesting {
		switch {
		case bytes.HasPrefix(head, []byte("\x1f\x8b\x08")), bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")), bytes.HasPrefix(head, []byte(xzMagic)), isBzip2(head):
			return w.compressed(name, br, depth)
		case bytes.HasPrefix(head, []byte("PK\x03\x04")) && isZipName(name):
			return w.zip(name, r, br, depth)
		case len(head) >= 262 && string(head[257:262]) == "ustar":
			return w.tar(name, br, depth)
		}
	}
	return w.give(name, br)
}

// give hands a file over. Text that says to be UTF-16, as PowerShell and Notepad
// write it, becomes UTF-8.
func (w *walker) give(name string, r *bufio.Reader) error {
	if w.lim.Skip != nil {
		head, _ := r.Peek(16)
		for _, k := range packings {
			if bytes.HasPrefix(head, []byte(k.magic)) {
				return errs.New(errs.Invalid, "archive_packed", "%s is packed with %s, in a way that is not read here; unpack it by hand first.", name, k.name)
			}
		}
		for _, k := range binaries {
			if len(head) > k.at && bytes.HasPrefix(head[k.at:], []byte(k.magic)) {
				return errs.New(errs.Invalid, "not_text", "%s is %s and cannot be read as a log; %s.", name, k.is, k.advice)
			}
		}
	}
	if mark, _ := r.Peek(2); string(mark) == "\xff\xfe" || string(mark) == "\xfe\xff" {
		return w.fn(name, transform.NewReader(r, unicode.BOMOverride(transform.Nop)))
	}
	return w.fn(name, r)
}

// packings are what files may be packed with beyond what is unpacked, or deeper.
var packings = []struct{ magic, name string }{
	{xzMagic, "xz"},
	{"7z\xbc\xaf\x27\x1c", "7-Zip"},
	{"Rar!\x1a\x07", "RAR"},
	{"\x04\x22\x4d\x18", "lz4"},
	{"\xff\x06\x00\x00sNaPpY", "snappy"},
	{"\x1f\x8b\x08", "gzip"},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"PK\x03\x04", "zip"},
}

const xzMagic = "\xfd7zXZ\x00"

// binaries hold events in a form of which reading as text would find next to nothing,
// and say so of a file that is full of them.
var binaries = []struct {
	at                int
	magic, is, advice string
}{
	{0, "\xd4\xc3\xb2\xa1", capture, sensor},
	{0, "\xa1\xb2\xc3\xd4", capture, sensor},
	{0, "\x4d\x3c\xb2\xa1", capture, sensor}, // with nanoseconds
	{0, "\xa1\xb2\x3c\x4d", capture, sensor},
	{8, "\x4d\x3c\x2b\x1a", capture, sensor}, // pcapng
	{8, "\x1a\x2b\x3c\x4d", capture, sensor},
	{0, "LPKSHHRH", "a journal of systemd", "journalctl --file FILE -o json writes its events"},
	{0, "PAR1\x15", "a table in Parquet", "export it as CSV or JSON first"},
	{4, "LfLe", "an event log of Windows XP or older", "export it as XML or CSV first"},
}

const (
	capture = "a packet capture"
	sensor  = "let Zeek or Suricata make logs of it first"
)

func isBzip2(head []byte) bool {
	return len(head) > 10 && string(head[:3]) == "BZh" && head[3] >= '1' && head[3] <= '9' && string(head[4:10]) == "\x31\x41\x59\x26\x53\x59"
}

// isZipName keeps office documents and the like, which are zip files inside, whole.
func isZipName(name string) bool {
	ext := strings.ToLower(path.Ext(path.Base(strings.ReplaceAll(name, "\\", "/"))))
	return ext == ".zip" || ext == ""
}

// xzMemory bounds what a header may ask for; xz -9 asks for 64 MiB.
const xzMemory = 128 << 20

func (w *walker) compressed(name string, br *bufio.Reader, depth int) error {
	in := &counted{r: br}
	magic, _ := br.Peek(1)
	var z io.Reader
	var err error
	switch magic[0] {
	case 0x1f:
		z, err = gzip.NewReader(in)
	case 'B':
		z = bzip2.NewReader(in)
	case xzMagic[0]:
		z, err = xz.NewReader(in, xzMemory)
	default:
		z, err = newZstd(in)
	}
	if err != nil {
		return w.readError(name, err)
	}
	b := w.budget(name, z, in)
	inner := bufio.NewReaderSize(b, 64<<10)
	head, err := inner.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return w.readError(name, err)
	}
	if len(head) >= 262 && string(head[257:262]) == "ustar" {
		return w.settle(b, w.tar(name, inner, depth))
	}
	return w.settle(b, w.give(name, inner))
}

func (w *walker) tar(name string, r io.Reader, depth int) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return w.readError(name, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := w.member(name); err != nil {
			return err
		}
		if err := w.pass(w.stream(memberName(name, h.Name), t, depth+1)); err != nil {
			return err
		}
	}
}

func (w *walker) zip(name string, r io.Reader, br *bufio.Reader, depth int) error {
	at, size, done, err := w.spool(name, r, br)
	if err != nil {
		return err
	}
	defer done()
	z, err := zip.NewReader(at, size)
	if err != nil {
		return w.readError(name, err)
	}
	for _, f := range z.File {
		if !f.Mode().IsRegular() {
			continue
		}
		if err := w.member(name); err != nil {
			return err
		}
		if err := w.pass(w.zipMember(memberName(name, f.Name), f, depth)); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) zipMember(name string, f *zip.File, depth int) error {
	if f.Flags&1 != 0 {
		return errs.New(errs.Invalid, "archive_encrypted", "%s is encrypted; unpack it by hand first.", name)
	}
	m, err := f.Open()
	if err != nil {
		return w.readError(name, err)
	}
	defer m.Close()
	b := w.budget(name, m, &counted{n: int64(f.CompressedSize64)})
	return w.settle(b, w.stream(name, b, depth+1))
}

// spool gives random access to a zip archive: the file itself, or a bounded copy.
func (w *walker) spool(name string, r io.Reader, br *bufio.Reader) (io.ReaderAt, int64, func(), error) {
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return f, info.Size(), func() {}, nil
		}
	}
	if w.lim.Memory {
		b, err := io.ReadAll(io.LimitReader(br, w.lim.Spool+1))
		if err == nil && int64(len(b)) > w.lim.Spool {
			err = w.tooLarge(name)
		}
		if err != nil {
			return nil, 0, nil, w.readError(name, err)
		}
		return bytes.NewReader(b), int64(len(b)), func() { clear(b) }, nil
	}
	tmp, err := os.CreateTemp("", "vedette-*.zip")
	if err != nil {
		return nil, 0, nil, errs.New(errs.Unavailable, "no_temporary_file", "No temporary file can be made to unpack %s; check the space and TMPDIR.", name).Because(err)
	}
	os.Remove(tmp.Name()) // gone when closed, even by a crash
	done := func() { tmp.Close() }
	n, err := io.Copy(tmp, io.LimitReader(br, w.lim.Spool+1))
	if err == nil && n > w.lim.Spool {
		err = w.tooLarge(name)
	}
	if err != nil {
		done()
		return nil, 0, nil, w.readError(name, err)
	}
	return tmp, n, done, nil
}

func (w *walker) tooLarge(name string) error {
	return errs.New(errs.Invalid, "too_large", "%s is a zip archive of more than %d bytes; unpack it by hand first.", name, w.lim.Spool)
}

func (w *walker) member(archive string) error {
	w.members++
	if w.members > w.lim.Members {
		return errs.New(errs.Invalid, "archive_members", "%s has more than %d members; unpack it by hand and choose what is needed.", archive, w.lim.Members)
	}
	return nil
}

func (w *walker) budget(name string, r io.Reader, in *counted) *budget {
	return &budget{r: r, in: in, name: name, left: w.left, limit: w.lim.Bytes, ratio: w.lim.Ratio}
}

// settle books what b has let through. A broken limit wins over whatever fn made
// of the reader's error, so that a bomb is never taken for a short file.
func (w *walker) settle(b *budget, err error) error {
	w.left = b.left
	if b.err != nil {
		return b.err
	}
	return err
}

func (w *walker) readError(name string, err error) error {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e
	}
	return errs.New(errs.Invalid, "archive_broken", "%s cannot be unpacked; it is damaged or incomplete.", name).Because(err)
}

// memberName joins an archive's name and a member's, which may hold anything.
func memberName(archive, member string) string {
	member = strings.Map(func(r rune) rune {
		switch {
		case r == '\\':
			return '/'
		case r < 0x20 || r == 0x7f || r == '\uFFFD':
			return '_'
		}
		return r
	}, member)
	if len(member) > 1024 {
		member = strings.ToValidUTF8(member[len(member)-1024:], "")
	}
	return archive + path.Clean("/"+member)
}

package credential

import (
	"cmp"
	"errors"
	"io"
)

// system reads the file in which a stealer tells of the machine.
func (f *file) system(l *lines) error {
	m := Machine{Family: f.family}
	id := ""
	for n := 0; n < 2000; n++ {
		line, err := l.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		what, value := fieldOf(line, systemFields)
		text := word(string(value))
		switch what {
		case machineName:
			m.Name = cmp.Or(m.Name, text)
		case hwid:
			m.HWID = cmp.Or(m.HWID, text)
		case machineID:
			id = cmp.Or(id, text)
		case machineUser:
			m.User = cmp.Or(m.User, text)
		case logDate:
			if m.Time.IsZero() {
				m.Time = Date(text, f.now)
			}
		}
	}
	m.HWID = cmp.Or(m.HWID, id)
	return f.sink.Machine(f.name, m)
}

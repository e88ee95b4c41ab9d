package jetstream

import (
	"context"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// ReviveOnly is a Revive that is broken off before it forgets.
func (q *Queue) ReviveOnly(ctx context.Context, number uint64) error {
	_, err := q.revive(ctx, number)
	return err
}

// Pack and Unpack are what a message holds, for the fuzzer.
func Pack(records []telemetry.Record) ([]byte, error) {
	p, err := newPacker()
	if err != nil {
		return nil, err
	}
	return p.pack(records), nil
}

// Unpack is as Pack says.
func Unpack(data []byte) ([]telemetry.Record, error) {
	u, err := newUnpacker()
	if err != nil {
		return nil, err
	}
	defer u.z.Close()
	return u.unpack(data)
}

// UnpackRaw reads what is inside of the frame.
func UnpackRaw(data []byte) ([]telemetry.Record, error) { return read(data) }

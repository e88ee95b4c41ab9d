package syslog

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

const (
	udpBuffer = 8 << 20
	// datagram is the longest there can be.
	datagram = 64 << 10
	// queueBytes bounds the messages that wait for the disk; beyond it they are
	// dropped and counted, which UDP would do anyway, but without a number.
	queueBytes = 32 << 20
	queueIdle  = 20 * time.Millisecond
	udpSource  = "syslog/udp"
)

// queue holds datagrams between the socket and the disk.
type queue struct {
	mu      sync.Mutex
	records []telemetry.Record // guarded by mu
	bytes   int                // guarded by mu
	wake    chan struct{}
}

func (q *queue) put(r telemetry.Record) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes+len(r.Raw)+overhead > queueBytes {
		return false
	}
	q.records = append(q.records, r)
	q.bytes += len(r.Raw) + overhead
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// overhead is what a record costs beside its bytes.
const overhead = 128

func (q *queue) takeAll() []telemetry.Record {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := q.records
	q.records, q.bytes = nil, 0
	return out
}

// datagrams reads the UDP socket. It never waits for the disk: another goroutine
// does.
func (s *Server) datagrams(ctx context.Context) error {
	q := &queue{wake: make(chan struct{}, 1)}
	ended := make(chan struct{})
	written := make(chan struct{})
	go func() { defer close(written); s.drain(ctx, q, ended) }()
	go s.kernelDrops(ctx)
	names := map[netip.Addr]string{}
	buf := make([]byte, datagram)
	var err error
	for {
		var n int
		var from netip.AddrPort
		n, from, err = s.udp.ReadFromUDPAddrPort(buf)
		if err != nil {
			if ctx.Err() != nil {
				err = nil
			}
			break
		}
		s.datagram(q, names, from.Addr().Unmap(), buf[:n])
	}
	close(ended)
	<-written
	if err != nil {
		return fmt.Errorf("receive syslog over UDP: %w", err)
	}
	return nil
}

func (s *Server) datagram(q *queue, names map[netip.Addr]string, from netip.Addr, raw []byte) {
	source, ok := names[from]
	if !ok {
		if len(names) > 1<<16 { // forged senders
			clear(names)
		}
		source = "syslog/" + from.WithZone("").String()
		names[from] = source
	}
	raw = bytes.TrimRight(raw, "\r\n\x00")
	reason := ""
	switch {
	case len(raw) == 0:
		return
	case !receiver.Allowed(s.Allow, from):
		reason = receiver.Stranger
	case len(raw) > s.MaxEvent:
		reason = receiver.TooLong
	case !receiver.Legible(raw):
		reason = receiver.Encoding
	case !q.put(telemetry.Record{Source: source, Received: time.Now().UTC(), Raw: bytes.Clone(raw)}):
		reason = "queue-full"
	}
	if reason != "" {
		s.Intake.Refuse(source, reason, 1)
	}
}

// drain makes durable what the queue holds until ended, and then the rest.
func (s *Server) drain(ctx context.Context, q *queue, ended <-chan struct{}) {
	for last := false; !last; {
		select {
		case <-ended:
			last = true
		case <-q.wake:
			select { // more is on its way, mostly
			case <-time.After(queueIdle):
			case <-ended:
				last = true
			}
		}
		for records := q.takeAll(); len(records) > 0; {
			n := min(len(records), 4*receiver.BatchRecords)
			if err := receiver.Keep(ctx, s.Intake, records[:n], s.Log); err != nil {
				s.Log.ErrorContext(ctx, "syslog messages are lost", "messages", n, "error", err)
				s.Intake.Refuse(udpSource, "not-kept", n)
			}
			records = records[n:]
		}
	}
}

// kernelDrops counts, once a second, what the kernel dropped before we read it.
func (s *Server) kernelDrops(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var before int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now, ok := drops(s.udp); ok && now > before {
			s.Intake.Refuse(udpSource, "kernel-dropped", int(now-before))
			before = now
		}
	}
}

// drops reads the counter of a socket from /proc; ok is false where there is none.
func drops(conn *net.UDPConn) (n int64, ok bool) {
	inode, err := socketInode(conn)
	if err != nil {
		return 0, false
	}
	for _, table := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		file, err := os.Open(table)
		if err != nil {
			continue
		}
		n, ok = dropsIn(bufio.NewScanner(file), inode)
		_ = file.Close()
		if ok {
			return n, true
		}
	}
	return 0, false
}

// dropsIn finds a socket's line: the inode is the tenth column, the drops the last.
func dropsIn(lines *bufio.Scanner, inode string) (int64, bool) {
	for lines.Scan() {
		cols := strings.Fields(lines.Text())
		if len(cols) >= 13 && cols[9] == inode {
			n, err := strconv.ParseInt(cols[len(cols)-1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

func socketInode(conn *net.UDPConn) (string, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return "", err
	}
	link := ""
	var failed error
	err = raw.Control(func(fd uintptr) {
		link, failed = os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	})
	if err == nil {
		err = failed
	}
	return strings.TrimSuffix(strings.TrimPrefix(link, "socket:["), "]"), err
}

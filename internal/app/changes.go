package app

import "sync"

// changes tells subscribers which incidents changed.
type changes struct {
	mu   sync.Mutex
	subs map[chan []string]bool // guarded by mu
}

func newChanges() *changes { return &changes{subs: map[chan []string]bool{}} }

// tell hands ids to every subscriber; one that is behind misses them and learns
// of the rest later.
func (c *changes) tell(ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ch := range c.subs {
		select {
		case ch <- ids:
		default:
		}
	}
}

func (c *changes) subscribe() (<-chan []string, func()) {
	ch := make(chan []string, 16)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.subs[ch] = true
	return ch, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.subs, ch)
	}
}

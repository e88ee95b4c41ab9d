package web_test

import (
	"testing"
)

func TestSmoke(t *testing.T) {
	h := newHouse(t)
	top := h.furnish()
	for _, p := range pages(top) {
		h.get("admin", p)
	}
}

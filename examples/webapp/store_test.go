package main

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestStore(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	s := newStore[int](time.Hour, 3, func() time.Time { return now })
	s.put("a", 1)
	now = now.Add(30 * time.Minute)
	s.put("b", 2)
	s.put("c", 3)
	s.put("c", 4) // takes no room of another
	if v, ok := s.get("a"); !ok || v != 1 {
		t.Errorf("a: %d, %t", v, ok)
	}
	s.put("d", 5) // in the place of the one that ends first
	for name, want := range map[string]int{"a": 0, "b": 2, "c": 4, "d": 5, "nobody": 0} {
		if v, ok := s.get(name); v != want || ok != (want != 0) {
			t.Errorf("%s: %d, %t; want %d", name, v, ok, want)
		}
	}
	now = now.Add(time.Hour) // the end of them all
	if v, ok := s.get("d"); ok {
		t.Errorf("d is over, and there: %d", v)
	}
	if _, ok := s.take("d"); ok || s.has(func(int) bool { return true }) {
		t.Error("something is there after the end")
	}
	s.put("e", 6)
	s.put("f", 7)
	if v, ok := s.get("e"); !ok || v != 6 || len(s.entries) != 2 {
		t.Errorf("e: %d, %t, of %d; what has ended makes room first", v, ok, len(s.entries))
	}
}

func TestOneOfManyTakes(t *testing.T) {
	s := newStore[int](time.Hour, 3, time.Now)
	s.put("a", 1)
	var all sync.WaitGroup
	var got atomic.Int32
	for range 50 {
		all.Go(func() {
			if _, ok := s.take("a"); ok {
				got.Add(1)
			}
		})
	}
	all.Wait()
	if got.Load() != 1 {
		t.Errorf("%d have taken it, want 1", got.Load())
	}
}

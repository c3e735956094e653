package unified_test

import (
	"bytes"
	"testing"

	"github.com/seed57855a68/keyport/domain/unified"
)

// TestEveryByteOfAText is looked at, wherever it stands and whatever stands beside it.
func TestEveryByteOfAText(t *testing.T) {
	for _, beside := range []byte{' ', '!', '[', ']', 0x7f, 0x80, 0xdc, 0xff} {
		for at := range 17 {
			for c := range 256 {
				text := bytes.Repeat([]byte{beside}, 17)
				text[at] = byte(c)
				data := append(append([]byte(`{"a":"`), text...), `"}`...)
				cache, _ := unified.Parse(data)
				if want := c < ' ' || c == '"' || c == '\\'; cache.Damaged() != want {
					t.Fatalf("byte %#x at %d beside %#x: damaged %v", c, at, beside, cache.Damaged())
				}
			}
		}
	}
}

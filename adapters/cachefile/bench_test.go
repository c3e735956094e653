package cachefile_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/domain/unified"
)

// filled writes a file of n users with one token each, and one of userKey's.
func filled(b *testing.B, n int) (path string, data []byte) {
	b.Helper()
	cache, _ := unified.Parse(nil)
	set, _ := adding("token")(domain.TokenSet{})
	cache, err := cache.Store(userKey, set)
	if err != nil {
		b.Fatal(err)
	}
	var token domain.AccessToken
	for r := range set.Records() {
		token, _ = r.(domain.AccessToken)
	}
	for i := range n - 1 {
		token.HomeAccountID = fmt.Sprintf("user-%d.home", i)
		if cache, err = cache.Store(domain.UserKey("client", token.HomeAccountID), domain.NewTokenSet(token)); err != nil {
			b.Fatal(err)
		}
	}
	path, data = newPath(b), cache.Bytes()
	open(b, path)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
	return path, data
}

// BenchmarkHit: one stat and a look-up, at any size.
func BenchmarkHit(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path, _ := filled(b, n)
			c := open(b, path)
			b.ReportAllocs()
			for b.Loop() {
				if set, err := c.Load(b.Context(), userKey); err != nil || set.IsZero() {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParse reads a file, here and with encoding/json.
func BenchmarkParse(b *testing.B) {
	_, data := filled(b, 1000)
	b.Run("unified", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			unified.Parse(data)
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			var v map[string]map[string]map[string]any
			_ = json.Unmarshal(data, &v)
		}
	})
	b.Run("encoding/json into structs", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			var v map[string]map[string]struct {
				Secret string `json:"secret"`
				Home   string `json:"home_account_id"`
				Env    string `json:"environment"`
				Client string `json:"client_id"`
				Realm  string `json:"realm"`
				Target string `json:"target"`
				Type   string `json:"token_type"`
				Cached string `json:"cached_at"`
				Ends   string `json:"expires_on"`
			}
			_ = json.Unmarshal(data, &v)
		}
	})
}

// BenchmarkUpdate stores one more token in a file of many.
func BenchmarkUpdate(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path, _ := filled(b, n)
			c := open(b, path)
			i := 0
			for b.Loop() {
				i++
				change := replacing(fmt.Sprint(i))
				if err := c.Update(b.Context(), userKey, change); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

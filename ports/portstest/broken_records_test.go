package portstest_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// changed makes stores that keep records in another way than they were given.
func changed[R domain.Record](f func(*R)) func(*testing.T) {
	return tokenCache(patched{stored: func(_, fresh domain.TokenSet) domain.TokenSet {
		var rs []domain.Record
		for r := range fresh.Records() {
			if record, ok := r.(R); ok {
				f(&record)
				r = record
			}
			rs = append(rs, r)
		}
		return domain.NewTokenSet(rs...)
	}})
}

// only makes stores that keep the records that a predicate admits.
func only(keep func(domain.Record) bool) func(*testing.T) {
	return tokenCache(patched{stored: func(_, fresh domain.TokenSet) domain.TokenSet {
		var rs []domain.Record
		for r := range fresh.Records() {
			if keep(r) {
				rs = append(rs, r)
			}
		}
		return domain.NewTokenSet(rs...)
	}})
}

const (
	loads    = "what was stored is loaded"
	replaces = "the result replaces the set"
	sees     = "change sees the current set"
	kept     = "sets are kept while they are of use"
	meet     = "keys do not meet"
	whole    = "Update whose context ends is not half done"
	same     = "an unchanged result changes nothing"
	filters  = "Keys filters by kind, client and owner"
	complete = "Keys is complete while others come and go"
)

// brokenRecords do not give back what they were given.
var brokenRecords = []broken{
	{"drops ID tokens", only(func(r domain.Record) bool { return r.RecordKey().Kind != domain.IDTokenRecord }),
		[]string{loads}},
	{"drops app metadata", only(func(r domain.Record) bool { return r.RecordKey().Kind != domain.AppMetadataRecord }),
		[]string{loads}},
	{"cuts times to the minute", changed(func(t *domain.AccessToken) { t.ExpiresOn = t.ExpiresOn.Truncate(time.Minute) }),
		[]string{loads}},
	{"rounds times up", changed(func(t *domain.AccessToken) { t.ExpiresOn = t.ExpiresOn.Add(time.Second).Truncate(time.Second) }),
		[]string{loads}},
	{"makes 1970 of no time", changed(func(t *domain.RefreshToken) {
		if t.ExpiresOn.IsZero() {
			t.ExpiresOn = time.Unix(0, 0)
		}
	}), []string{loads}},
	{"forgets the refresh time", changed(func(t *domain.AccessToken) { t.RefreshOn = time.Time{} }), []string{loads}},
	{"forgets extra key parts", changed(func(t *domain.AccessToken) { t.Key.Extra = "" }), []string{loads}},
	{"folds letter case in record keys", changed(func(t *domain.AccessToken) {
		t.Key.KeyID, t.Key.Extra = strings.ToLower(t.Key.KeyID), strings.ToLower(t.Key.Extra)
	}), []string{loads}},
	{"takes granted scopes for requested ones", changed(func(t *domain.AccessToken) { t.Key.Scopes = t.Scopes.Key() }), []string{loads}},
	{"fills in the token type", changed(func(t *domain.AccessToken) {
		if t.Type == "" {
			t.Type = "Bearer"
		}
	}), []string{loads}},
	{"cuts long tokens", changed(func(t *domain.RefreshToken) {
		text := t.Secret.Reveal()
		t.Secret = domain.NewSecret(text[:min(len(text), 4000)])
	}), []string{loads}},
	{"knows ASCII only", changed(func(a *domain.Account) {
		a.Username = strings.Map(func(r rune) rune {
			if r > 127 {
				return '?'
			}
			return r
		}, a.Username)
	}), []string{loads}},
	{"forgets the account of app tokens", changed(func(t *domain.AccessToken) { t.HomeAccountID = "" }), []string{loads}},
	{"drops expired access tokens", only(func(r domain.Record) bool {
		t, ok := r.(domain.AccessToken)
		return !ok || t.ExpiresOn.After(time.Now())
	}), []string{kept}},
	{"takes the first token's end for the set's", tokenCache(patched{stored: func(_, fresh domain.TokenSet) domain.TokenSet {
		for r := range fresh.Records() {
			if t, ok := r.(domain.AccessToken); ok && !t.ExpiresOn.After(time.Now()) {
				return domain.TokenSet{}
			}
		}
		return fresh
	}}), []string{kept}},
	{"counts its time to live in nanoseconds", tokenCache(patched{stored: func(_, fresh domain.TokenSet) domain.TokenSet {
		if fresh.RetainUntil().UnixNano() < time.Now().UnixNano() {
			return domain.TokenSet{}
		}
		return fresh
	}}), []string{kept}},
	{"reads into one buffer", readsIntoOneBuffer, []string{"loaded sets do not change"}},
	{"prints its tokens", printsTokens, []string{"printing shows no token"}},
	{"prints its tokens as bytes", printsBytes, []string{"printing shows no token"}},
}

// buffered hands out secrets in memory that it uses again for the next Load.
type buffered struct {
	*store
	buffer [1 << 16]byte
}

func (b *buffered) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	set, err := b.store.Load(ctx, key)
	var rs []domain.Record
	for r := range set.Records() {
		if t, ok := r.(domain.AccessToken); ok && set.Len() == 1 {
			n := copy(b.buffer[:], t.Secret.Reveal())
			t.Secret = domain.NewSecret(unsafe.String(&b.buffer[0], n))
			r = t
		}
		rs = append(rs, r)
	}
	return domain.NewTokenSet(rs...), err
}

func readsIntoOneBuffer(t *testing.T) {
	portstest.TokenCache(t, func(*testing.T) ports.TokenCache { return &buffered{store: newStore()} })
}

// printable keeps a copy of its tokens where fmt can reach it.
type printable[Text ~string | ~[]byte] struct {
	ports.TokenCache
	texts map[string]Text
}

func (p *printable[Text]) Update(ctx context.Context, key domain.PartitionKey, change change) error {
	return p.TokenCache.Update(ctx, key, func(current domain.TokenSet) (domain.TokenSet, error) {
		set, err := change(current)
		for r := range set.Records() {
			if t, ok := r.(domain.AccessToken); ok {
				text, _ := json.Marshal(t.Secret.Reveal())
				p.texts[key.Text()] = Text(text)
			}
		}
		return set, err
	})
}

func printsTokens(t *testing.T) {
	portstest.TokenCache(t, func(*testing.T) ports.TokenCache {
		return &printable[string]{newStore(), map[string]string{}}
	})
}

func printsBytes(t *testing.T) {
	portstest.TokenCache(t, func(*testing.T) ports.TokenCache {
		return &printable[[]byte]{newStore(), map[string][]byte{}}
	})
}

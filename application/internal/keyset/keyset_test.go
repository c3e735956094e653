package keyset_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/keyset"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

const address = "https://id.example/keys"

// publisher serves a key set and counts who asks.
type publisher struct {
	mu    sync.Mutex // guards what follows
	asked int
	body  string
	down  bool
	says  http.Header
}

// Do implements ports.HTTPClient.
func (p *publisher) Do(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	status, body := http.StatusOK, p.body
	if p.down {
		status, body = http.StatusServiceUnavailable, "down"
	}
	return &http.Response{StatusCode: status, Header: p.says, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (p *publisher) publish(t *testing.T, members ...any) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": members})
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.body = string(text)
}

func newResolver(p *publisher, clock *keyporttest.Clock) *keyset.Resolver {
	return keyset.New(exchange.New(p), cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{}), clock, time.Minute, func(string, error) {})
}

func newClock() *keyporttest.Clock {
	return keyporttest.NewClock(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
}

type pair struct {
	jose.JSONWebKey
	private crypto.Signer
	alg     jose.SignatureAlgorithm
}

func newKey(t *testing.T, id string) pair {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair{jose.JSONWebKey{Key: private.Public(), KeyID: id, Use: "sig"}, private, jose.ES256}
}

func (p pair) sign(t *testing.T, payload, kid string) domain.Secret {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: p.alg, Key: jose.JSONWebKey{Key: p.private, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return domain.NewSecret(text)
}

func TestAGoodSignature(t *testing.T) {
	p, k := &publisher{}, newKey(t, "k1")
	member := map[string]any{}
	text, _ := k.MarshalJSON()
	if err := json.Unmarshal(text, &member); err != nil {
		t.Fatal(err)
	}
	member["issuer"] = "https://login.example/{tenantid}/v2.0"
	p.publish(t, map[string]any{"kty": "quantum", "kid": "k0"}, member)
	got, err := newResolver(p, newClock()).Verify(t.Context(), address, []string{"RS256", "ES256"}, k.sign(t, `{"sub":"u"}`, "k1"))
	if err != nil || string(got.Payload) != `{"sub":"u"}` || got.Algorithm != "ES256" || got.KeyIssuer != "https://login.example/{tenantid}/v2.0" {
		t.Errorf("got %+v, %v", got, err)
	}
	// A token without a kid is tried with every key.
	if _, err := newResolver(p, newClock()).Verify(t.Context(), address, nil, k.sign(t, "{}", "")); err != nil {
		t.Error(err)
	}
}

func TestTokensThatMustNotBeBelieved(t *testing.T) {
	p, k, stranger := &publisher{}, newKey(t, "k1"), newKey(t, "k1")
	encryption := newKey(t, "enc")
	encryption.Use = "enc"
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ed := pair{jose.JSONWebKey{Key: edKey.Public(), KeyID: "ed", Algorithm: "RS256"}, edKey, jose.EdDSA}
	p.publish(t, k.JSONWebKey, encryption.JSONWebKey, ed.JSONWebKey)
	good := k.sign(t, `{"sub":"u"}`, "k1").Reveal()
	parts := strings.Split(good, ".")
	hmac, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("k", 32))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	symmetric, _ := hmac.Sign([]byte(`{"sub":"u"}`))
	byHMAC, _ := symmetric.CompactSerialize()
	for name, token := range map[string]string{
		"by a stranger":               stranger.sign(t, `{"sub":"u"}`, "k1").Reveal(),
		"by a key that is not there":  k.sign(t, `{"sub":"u"}`, "k9").Reveal(),
		"by a key for encryption":     encryption.sign(t, `{"sub":"u"}`, "enc").Reveal(),
		"by a key for another alg":    ed.sign(t, `{"sub":"u"}`, "ed").Reveal(),
		"tampered":                    parts[0] + ".eyJzdWIiOiJ2In0." + parts[2],
		"without a signature":         parts[0] + "." + parts[1] + ".",
		"alg none":                    "eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"by a shared secret":          byHMAC,
		"no JWT":                      "hunter2-canary",
		"empty":                       "",
		"JSON and not compact":        `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"an algorithm not offered":    good,
		"a signature of another text": parts[0] + "." + parts[1] + ".AAAA",
	} {
		offered := []string{"ES256", "EdDSA"}
		if name == "an algorithm not offered" {
			offered = []string{"RS256"}
		}
		_, err := newResolver(p, newClock()).Verify(t.Context(), address, offered, domain.NewSecret(token))
		var bad *domain.ResponseError
		if !errors.As(err, &bad) || bad.Operation != "ID token" {
			t.Errorf("%s: got %v, want a refused ID token", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), parts[1]) || strings.Contains(err.Error(), "hunter2-canary")) {
			t.Errorf("%s: the error quotes the token", name)
		}
	}
}

func TestKeysAreKeptForADayAndFetchedOnce(t *testing.T) {
	p, k, clock := &publisher{}, newKey(t, "k1"), newClock()
	p.publish(t, k.JSONWebKey)
	r := newResolver(p, clock)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if err := r.Prepare(t.Context(), address); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, step := range []struct {
		pass time.Duration
		want int
	}{{0, 1}, {23 * time.Hour, 1}, {time.Hour, 2}} {
		clock.Advance(step.pass)
		if _, err := r.Verify(t.Context(), address, nil, k.sign(t, "{}", "k1")); err != nil || p.asked != step.want {
			t.Errorf("after %v more: asked %d times, %v; want %d", step.pass, p.asked, err, step.want)
		}
	}
}

func TestARotatedKeyIsFetchedAndStrangersCannotCauseRequests(t *testing.T) {
	p, old, fresh, clock := &publisher{}, newKey(t, "k1"), newKey(t, "k2"), newClock()
	p.publish(t, old.JSONWebKey)
	r := newResolver(p, clock)
	if _, err := r.Verify(t.Context(), address, nil, old.sign(t, "{}", "k1")); err != nil {
		t.Fatal(err)
	}
	p.publish(t, fresh.JSONWebKey)
	var all sync.WaitGroup
	for range 50 { // all that sign in at the moment of the rotation must succeed
		all.Go(func() {
			if _, err := r.Verify(t.Context(), address, nil, fresh.sign(t, "{}", "k2")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if p.asked != 2 {
		t.Errorf("asked %d times, want 2", p.asked)
	}
	for i := range 1000 {
		_, err := r.Verify(t.Context(), address, nil, fresh.sign(t, "{}", fmt.Sprintf("made-up-%d", i%7)))
		var bad *domain.ResponseError
		if !errors.Is(err, keyset.ErrNoKeys) || !errors.As(err, &bad) || bad.Field != "kid" {
			t.Fatalf("an unknown key just after a fetch: got %v, want ErrNoKeys and the field kid", err)
		}
	}
	if p.asked != 2 {
		t.Errorf("made-up key ids caused %d requests", p.asked-2)
	}
	clock.Advance(5 * time.Minute)
	_, _ = r.Verify(t.Context(), address, nil, fresh.sign(t, "{}", "made-up"))
	if p.asked != 3 {
		t.Errorf("after the pause: asked %d times, want 3", p.asked)
	}
}

func TestOldKeysServeWhileTheServerFails(t *testing.T) {
	p, k, clock := &publisher{}, newKey(t, "k1"), newClock()
	p.publish(t, k.JSONWebKey)
	r := newResolver(p, clock)
	if err := r.Prepare(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	clock.Advance(48 * time.Hour)
	p.down = true
	if _, err := r.Verify(t.Context(), address, nil, k.sign(t, "{}", "k1")); err != nil {
		t.Errorf("got %v, want the old keys", err)
	}
	if err := newResolver(p, clock).Prepare(t.Context(), address); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("without old keys: got %v, want ErrUnavailable", err)
	}
	for _, body := range []string{"", "[]", `{"keys":7}`, "<html>"} {
		q := &publisher{body: body}
		err := newResolver(q, clock).Prepare(t.Context(), address)
		var bad *domain.ResponseError
		if !errors.As(err, &bad) {
			t.Errorf("%q: got %v, want a ResponseError", body, err)
		}
	}
	err := newResolver(p, clock).Prepare(context.Background(), "")
	var config *domain.ConfigError
	if !errors.As(err, &config) || config.Field != "Metadata.JWKSURI" {
		t.Errorf("no address: %v", err)
	}
}

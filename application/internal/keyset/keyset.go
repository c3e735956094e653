package keyset

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/flight"
	"github.com/seed57855a68/keyport/application/internal/throttle"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

const (
	documentLife = 24 * time.Hour
	// staleLife is how long after their life keys serve while the server fails.
	staleLife = 7 * 24 * time.Hour
	// clockSkew is how far apart the clocks may be of those who share a cache.
	clockSkew    = time.Minute
	minRefetch   = 5 * time.Minute
	operation    = "signing keys"
	maxAddresses = 1000
)

// Resolver finds keys. It is safe for concurrent use.
type Resolver struct {
	http    *exchange.Client
	cache   ports.HTTPCache
	clock   ports.Clock
	timeout time.Duration
	report  func(operation string, err error) // a cache that fails
	guard   *throttle.Guard

	flights flight.Group[string, *keys]

	mu      sync.Mutex           // guards fetched
	fetched map[string]time.Time // when an address was last asked for an unknown key
}

// New returns a resolver. report is told of a cache that fails, which costs a
// request and nothing else.
func New(c *exchange.Client, cache ports.HTTPCache, clock ports.Clock, timeout time.Duration, report func(string, error)) *Resolver {
	return &Resolver{http: c, cache: cache, clock: clock, timeout: timeout, report: report, guard: throttle.New(cache, clock, report), fetched: map[string]time.Time{}}
}

// Close waits for requests under way.
func (r *Resolver) Close(ctx context.Context) error { return r.flights.Close(ctx) }

// Prepare makes sure that there are keys, so that a token that the server spends
// something for can be verified when it comes.
func (r *Resolver) Prepare(ctx context.Context, address string) error {
	_, err := r.get(ctx, address)
	return err
}

// Verified is an ID token whose signature is good.
type Verified struct {
	Payload   []byte
	Algorithm string
	KeyIssuer string // "issuer" of the key: who may sign with it; "" for anybody of the set
}

// algorithms are what ID tokens may be signed with. HMAC is not among them: a
// client secret is no key to trust a third party by.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// ErrNoKeys says that a token could be neither believed nor refused, because the keys
// could not be had. It wraps the reason.
var ErrNoKeys = errors.New("the signing keys cannot be had at the moment")

// errAskedJustNow says that a key which is not there was looked for not long ago.
var errAskedJustNow = errors.New("the keys were fetched less than five minutes ago")

func noKeys(err error) error { return fmt.Errorf("ID token: %w: %w", ErrNoKeys, err) }

// Verify checks the signature of a token with the keys at an address. offered are
// the algorithms that the server says it uses; empty for any of the good ones. A token
// that none of the known keys verifies has them fetched again, for the server may have
// new ones.
func (r *Resolver) Verify(ctx context.Context, address string, offered []string, token domain.Secret) (Verified, error) {
	jws, err := jose.ParseSignedCompact(token.Reveal(), allowed(offered))
	if err != nil || len(jws.Signatures) != 1 {
		return Verified{}, bad(address, "", "is no JWT signed with one of the allowed algorithms")
	}
	set, err := r.get(ctx, address)
	if err != nil {
		return Verified{}, noKeys(err)
	}
	if v, ok := set.verify(jws); ok {
		return v, nil
	}
	set, err = r.refetch(ctx, address)
	if v, ok := set.verify(jws); ok {
		return v, nil
	}
	switch kid := jws.Signatures[0].Header.KeyID; {
	case errors.Is(err, errAskedJustNow) && !set.has(kid): // the authority may have begun to use it since
		return Verified{}, noKeys(bad(address, "kid", "names a key that the authority did not publish when it was asked, less than five minutes ago"))
	case err != nil && !set.has(kid):
		return Verified{}, noKeys(err)
	case !set.has(kid):
		return Verified{}, bad(address, "kid", "names a key that the authority does not publish")
	}
	return Verified{}, bad(address, "", "has a signature that is not good")
}

// verify tries the keys that the token names.
func (s *keys) verify(jws *jose.JSONWebSignature) (Verified, bool) {
	header := jws.Signatures[0].Header
	for _, key := range s.under(header.KeyID) {
		if key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		if payload, err := jws.Verify(key.Key); err == nil {
			return Verified{payload, header.Algorithm, key.issuer}, true
		}
	}
	return Verified{}, false
}

func allowed(offered []string) []jose.SignatureAlgorithm {
	if len(offered) == 0 {
		return algorithms
	}
	var both []jose.SignatureAlgorithm
	for _, alg := range algorithms {
		for _, o := range offered {
			if string(alg) == o {
				both = append(both, alg)
			}
		}
	}
	return both
}

// bad is a token that must not be believed.
func bad(address, field, problem string) error {
	return &domain.ResponseError{
		Operation: "ID token", Host: hostOf(address), Status: http.StatusOK, Field: field, Problem: problem,
		Remedy: "nothing of the answer was kept; have the user sign in again",
	}
}

// get returns the keys at an address: from the cache, or from the server, which is
// asked once for all who wait.
func (r *Resolver) get(ctx context.Context, address string) (*keys, error) {
	mark := r.flights.Mark()
	if set, ok := r.cached(ctx, address, false); ok {
		return set, nil
	}
	set, _, err := r.flights.Do(ctx, address, mark, flight.Options{Timeout: r.timeout}, func(ctx context.Context, lookAgain bool) (*keys, error) {
		if set, ok := r.cached(ctx, address, false); lookAgain && ok {
			return set, nil
		}
		return r.load(ctx, address)
	})
	return set, err
}

// refetch asks again, for a key that is not among those in the cache, unless that
// was done not long ago. It returns the keys that there are, and why they could not be
// renewed.
func (r *Resolver) refetch(ctx context.Context, address string) (*keys, error) {
	set, _, err := r.flights.Do(ctx, address, r.flights.Mark(), flight.Options{Timeout: r.timeout}, func(ctx context.Context, _ bool) (*keys, error) {
		if !r.mayRefetch(address) {
			if set, ok := r.cached(ctx, address, true); ok {
				return set, errAskedJustNow
			}
		}
		set, err := r.fetch(ctx, address)
		if err == nil {
			r.fetchedNow(address)
		}
		return set, err
	})
	if set == nil {
		set = &keys{}
	}
	return set, err
}

// load asks the server; while it fails, old keys serve.
func (r *Resolver) load(ctx context.Context, address string) (*keys, error) {
	set, err := r.fetch(ctx, address)
	if set != nil {
		return set, nil
	}
	return nil, err
}

// mayRefetch reports whether an address may be asked again for a key that is not in
// its set.
func (r *Resolver) mayRefetch(address string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, asked := r.fetched[address]
	return !asked || !r.clock.Now().Before(last.Add(minRefetch))
}

// fetchedNow notes that it was asked, and answered.
func (r *Resolver) fetchedNow(address string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.fetched) >= maxAddresses {
		clear(r.fetched)
	}
	r.fetched[address] = r.clock.Now()
}

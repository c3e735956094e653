package cachekit_test

import (
	"context"
	"encoding/base64"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
)

// blobs is a store in memory that keeps the contract.
type blobs struct {
	mu       sync.Mutex // guards what follows
	values   map[string][]byte
	versions map[string]string
	expires  map[string]time.Time
	writes   int
}

func newBlobs() *blobs {
	return &blobs{values: map[string][]byte{}, versions: map[string]string{}, expires: map[string]time.Time{}}
}

func (b *blobs) ReadBlob(_ context.Context, name string) (value []byte, version string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.values[name]), b.versions[name], nil
}

func (b *blobs) SwapBlob(_ context.Context, name, version string, value []byte, expires time.Time) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.versions[name] != version {
		return false, nil
	}
	b.put(name, value)
	b.expires[name] = expires
	return true, nil
}

// put changes a value as one who can write the store does.
func (b *blobs) put(name string, value []byte) {
	b.writes++
	if value == nil {
		delete(b.values, name)
		delete(b.versions, name)
		return
	}
	b.values[name], b.versions[name] = value, strconv.Itoa(b.writes)
}

func (b *blobs) ListBlobs(_ context.Context, prefix string) iter.Seq2[string, error] {
	b.mu.Lock()
	names := slices.Collect(maps.Keys(b.values))
	b.mu.Unlock()
	return func(yield func(string, error) bool) {
		for _, name := range names {
			if strings.HasPrefix(name, prefix) && !yield(name, nil) {
				return
			}
		}
	}
}

// only returns the one value of the store and its name.
func (b *blobs) only(t testing.TB) (name string, value []byte) {
	t.Helper()
	if len(b.values) != 1 {
		t.Fatalf("the store holds %d values, want 1", len(b.values))
	}
	for name, value = range b.values {
	}
	return name, slices.Clone(value)
}

// key returns a key of the given id; the same for the same letter.
func key(id, letter string) cachekit.Key {
	bytes := []byte(strings.Repeat(letter, 31) + "!")
	return cachekit.Key{ID: id, Secret: domain.NewSecret(base64.StdEncoding.EncodeToString(bytes))}
}

func ring(t testing.TB, active cachekit.Key, accepted ...cachekit.Key) *cachekit.KeyRing {
	t.Helper()
	r, err := cachekit.NewKeyRing(cachekit.KeyRingOptions{Active: active, Accepted: accepted})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sealedWith(t testing.TB) cachekit.TokenCacheOptions {
	t.Helper()
	return cachekit.TokenCacheOptions{CodecOptions: cachekit.CodecOptions{Sealer: ring(t, key("k1", "a"))}}
}

func plain() cachekit.TokenCacheOptions {
	return cachekit.TokenCacheOptions{CodecOptions: cachekit.CodecOptions{InsecurePlaintext: true}}
}

func open(t testing.TB, s cachekit.BlobStore, o cachekit.TokenCacheOptions) *cachekit.TokenCache {
	t.Helper()
	c, err := cachekit.FromBlobStore(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// to is a change to a set, whatever is stored.
func to(set domain.TokenSet) func(domain.TokenSet) (domain.TokenSet, error) {
	return func(domain.TokenSet) (domain.TokenSet, error) { return set, nil }
}

const (
	clientID = "my-app"
	home     = "adele.contoso"
)

var (
	user = domain.UserKey(clientID, home)
	noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
)

func accessToken(scope, secret string) domain.AccessToken {
	scopes := domain.ScopesFromResponse(scope)
	return domain.AccessToken{
		Key: domain.RecordKey{
			Kind: domain.AccessTokenRecord, Environment: "login.microsoftonline.com", Tenant: "contoso", ClientID: clientID, Scopes: scopes.Key(),
		},
		Secret: domain.NewSecret(secret), Type: "Bearer", Scopes: scopes, HomeAccountID: home,
		CachedAt: noon, ExpiresOn: noon.Add(time.Hour), RefreshOn: noon.Add(30 * time.Minute),
	}
}

func refreshToken(secret string) domain.RefreshToken {
	return domain.RefreshToken{
		Key:    domain.RecordKey{Kind: domain.RefreshTokenRecord, Environment: "login.microsoftonline.com", ClientID: clientID},
		Secret: domain.NewSecret(secret), HomeAccountID: home, ClientID: clientID, LastModified: noon,
	}
}

func account(username string) domain.Account {
	return domain.Account{HomeAccountID: home, LocalAccountID: "adele", Environment: "login.microsoftonline.com", Tenant: "contoso", Username: username}
}

// signedIn is what a user's partition holds.
func signedIn(secret string) domain.TokenSet {
	id := domain.IDToken{
		Key:    domain.RecordKey{Kind: domain.IDTokenRecord, Environment: "login.microsoftonline.com", Tenant: "contoso", ClientID: clientID},
		Secret: domain.NewSecret("id token of " + secret), HomeAccountID: home,
	}
	return domain.NewTokenSet(accessToken("orders.read", "access token of "+secret), refreshToken("refresh token of "+secret), id,
		account("adele@contoso.example"), domain.AppMetadata{
			Key:      domain.RecordKey{Kind: domain.AppMetadataRecord, Environment: "login.microsoftonline.com", ClientID: clientID},
			ClientID: clientID, FamilyID: "1",
		})
}

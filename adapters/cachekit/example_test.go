package cachekit_test

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
)

// A key is changed: what the old one sealed is read, and sealed with the new one when it is written.
func ExampleFromBlobStore() {
	ctx := context.Background()
	store := newBlobs() // a database, a bucket: two methods on bytes with a version
	secret := func(text string) domain.Secret {
		return domain.NewSecret(base64.StdEncoding.EncodeToString([]byte(text))) // openssl rand -base64 32
	}
	last := cachekit.Key{ID: "2025", Secret: secret("0123456789 0123456789 0123456789")}
	next := cachekit.Key{ID: "2026", Secret: secret("9876543210 9876543210 9876543210")}

	for _, keys := range []cachekit.KeyRingOptions{{Active: last}, {Active: next, Accepted: []cachekit.Key{last}}, {Active: next}} {
		ring, err := cachekit.NewKeyRing(keys)
		if err != nil {
			fmt.Println(err)
			return
		}
		cache, err := cachekit.FromBlobStore(store, cachekit.TokenCacheOptions{CodecOptions: cachekit.CodecOptions{Sealer: ring}})
		if err != nil {
			fmt.Println(err)
			return
		}
		err = cache.Update(ctx, user, func(set domain.TokenSet) (domain.TokenSet, error) {
			fmt.Println("sealed so far:", set)
			token := accessToken(fmt.Sprintf("scope-%d", set.Len()), "access token")
			return set.With(domain.Grant{AccessToken: &token}, noon), nil
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// sealed so far: token set of 0 records
	// sealed so far: token set of 1 records
	// sealed so far: token set of 2 records
}

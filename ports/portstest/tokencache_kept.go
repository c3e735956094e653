package portstest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// setsAreKept stores sets of which something is of use although something else is
// over, or whose end is very far away, and gives the store reasons to clean up.
func setsAreKept(t *testing.T, c ports.TokenCache) {
	now := time.Now()
	over := accessToken(userKey, "orders.read", "over")
	over.CachedAt, over.ExpiresOn = now.Add(-2*time.Hour), now.Add(-time.Hour)
	extended := over
	extended.ExtendedExpiresOn = ahead
	ending := refreshToken(userKey, "ending refresh token")
	ending.ExpiresOn = now.Add(time.Hour)

	sets := []domain.TokenSet{
		domain.NewTokenSet(refreshToken(userKey, "refresh token without a known end")),
		domain.NewTokenSet(over, refreshToken(userKey, "refresh token")),
		domain.NewTokenSet(over, ending),
		domain.NewTokenSet(extended),
		domain.NewTokenSet(append(bare(), over)...),
	}
	for i, set := range sets {
		sets[i] = ofUser(set, keptUser(i))
		store(t, c, keptUser(i), sets[i])
	}
	for range 70 { // stores that clean up a part at each call come round
		store(t, c, userKey, setFor(userKey, "busy"))
	}
	for i, set := range sets {
		wantSet(t, fmt.Sprintf("set %d, of use until %v", i, set.RetainUntil()), load(t, c, keptUser(i)), set)
	}
}

func keptUser(i int) domain.PartitionKey {
	return domain.UserKey(clientID, fmt.Sprintf("%d.%s", i, homeAccountID))
}

// ofUser returns the set with every record of another user.
func ofUser(set domain.TokenSet, key domain.PartitionKey) domain.TokenSet {
	rs := slices.Collect(set.Records())
	for i, r := range rs {
		switch r := r.(type) {
		case domain.AccessToken:
			r.HomeAccountID = key.Owner()
			rs[i] = r
		case domain.RefreshToken:
			r.HomeAccountID = key.Owner()
			rs[i] = r
		case domain.IDToken:
			r.HomeAccountID = key.Owner()
			rs[i] = r
		case domain.Account:
			r.HomeAccountID = key.Owner()
			rs[i] = r
		}
	}
	return domain.NewTokenSet(rs...)
}

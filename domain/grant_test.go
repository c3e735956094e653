package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// Of two access tokens for one request the one that ends later stays.
func TestWithAccessToken(t *testing.T) {
	later := accessToken("later", "a", 2*time.Hour)
	sooner := accessToken("sooner", "a", time.Hour)
	twin := accessToken("twin", "a", 2*time.Hour)
	other := accessToken("other", "b", time.Hour)
	postdated := accessToken("postdated", "a", 1000*time.Hour)
	postdated.CachedAt = noon.Add(5*time.Minute + time.Nanosecond)
	ahead := accessToken("ahead", "a", 1000*time.Hour)
	ahead.CachedAt = noon.Add(5 * time.Minute) // a machine whose clock is a little ahead
	for _, row := range []struct {
		name   string
		stored []domain.Record
		grant  domain.Grant
		want   []domain.Record
	}{
		{"the first", nil, domain.Grant{AccessToken: &later}, []domain.Record{later}},
		{"one that ends later", []domain.Record{sooner, other}, domain.Grant{AccessToken: &later}, []domain.Record{later, other}},
		{"one that ends sooner", []domain.Record{later, other}, domain.Grant{AccessToken: &sooner}, []domain.Record{later, other}},
		{"one that ends at the same time", []domain.Record{later}, domain.Grant{AccessToken: &twin}, []domain.Record{twin}},
		{"one that ends sooner, forced", []domain.Record{later, other}, domain.Grant{AccessToken: &sooner, Forced: true}, []domain.Record{sooner, other}},
		{"another request's", []domain.Record{later}, domain.Grant{AccessToken: &other}, []domain.Record{later, other}},
		{"one beside one from the future", []domain.Record{postdated, other}, domain.Grant{AccessToken: &sooner}, []domain.Record{sooner, other}},
		{"one beside one from a clock ahead", []domain.Record{ahead}, domain.Grant{AccessToken: &sooner}, []domain.Record{ahead}},
		{"none", []domain.Record{later}, domain.Grant{}, []domain.Record{later}},
	} {
		t.Run(row.name, func(t *testing.T) {
			stored := domain.NewTokenSet(row.stored...)
			before := snapshot(stored)
			wantRecords(t, stored.With(row.grant, noon), row.want...)
			wantSnapshot(t, stored, before)
		})
	}
}

func TestWithDropsWhatIsOver(t *testing.T) {
	over, last := accessToken("over", "a", 0), accessToken("last", "b", time.Nanosecond)
	extended := accessToken("extended", "c", -time.Hour)
	extended.ExtendedExpiresOn = noon.Add(time.Nanosecond)
	extendedOver := accessToken("extended and over", "d", -time.Hour)
	extendedOver.ExtendedExpiresOn = noon
	set := domain.NewTokenSet(over, last, extended, extendedOver, refreshToken("rt"), account("name"))
	before := snapshot(set)
	wantRecords(t, set.With(domain.Grant{}, noon), last, extended, refreshToken("rt"), account("name"))
	wantSnapshot(t, set, before)
	if got := domain.NewTokenSet(over).With(domain.Grant{}, noon); !got.IsZero() {
		t.Errorf("got %v", got)
	}
}

func TestWithRefreshToken(t *testing.T) {
	stored, fresh, user := refreshToken("stored"), refreshToken("fresh"), account("name")
	spent := domain.NewSecret("stored") // as it was read: equal, at another address
	token := accessToken("at", "a", time.Hour)
	elsewhere := account("name")
	elsewhere.Environment = "login.microsoftonline.us"
	abroad := refreshToken("abroad")
	abroad.Key.Environment = elsewhere.Environment
	for _, row := range []struct {
		name  string
		set   []domain.Record
		grant domain.Grant
		want  []domain.Record
	}{
		{"a sign-in", nil, domain.Grant{RefreshToken: &fresh, Account: &user}, []domain.Record{fresh, user}},
		{"a newer sign-in", []domain.Record{stored, user}, domain.Grant{RefreshToken: &fresh, Account: &user}, []domain.Record{fresh, user}},
		{"a refresh", []domain.Record{stored, user}, domain.Grant{RefreshToken: &fresh, Redeemed: spent}, []domain.Record{fresh, user}},
		{
			"a refresh that a sign-in or a peer overtook", []domain.Record{refreshToken("newer"), user},
			domain.Grant{RefreshToken: &fresh, Redeemed: spent, AccessToken: &token}, []domain.Record{refreshToken("newer"), user, token},
		},
		{"a refresh without a new refresh token", []domain.Record{stored, user}, domain.Grant{AccessToken: &token, Redeemed: spent}, []domain.Record{stored, user, token}},
		{"a refresh whose refresh token was dropped", []domain.Record{user}, domain.Grant{RefreshToken: &fresh, Redeemed: spent}, []domain.Record{fresh, user}},
		{"a refresh of a removed account", nil, domain.Grant{RefreshToken: &fresh, Redeemed: spent, AccessToken: &token}, nil},
		{
			"a refresh of a removed account, with all the rest", nil,
			domain.Grant{RefreshToken: &fresh, Redeemed: spent, AccessToken: &token, IDToken: ptr(idToken("id")), AppMetadata: ptr(appMetadata("1"))}, nil,
		},
		{
			"a refresh of a removed account, of which an access token was left", []domain.Record{token, appMetadata("1")},
			domain.Grant{RefreshToken: &fresh, Redeemed: spent, IDToken: ptr(idToken("id"))}, []domain.Record{token, appMetadata("1")},
		},
		{
			"a refresh in another cloud than the account's", []domain.Record{elsewhere},
			domain.Grant{RefreshToken: &fresh, Redeemed: spent, AccessToken: &token}, []domain.Record{elsewhere},
		},
		{
			"a refresh in another cloud than the refresh token's", []domain.Record{abroad},
			domain.Grant{RefreshToken: &fresh, Redeemed: spent, AccessToken: &token}, []domain.Record{abroad},
		},
		{"a refresh that only brings an ID token", []domain.Record{elsewhere}, domain.Grant{IDToken: ptr(idToken("id")), Redeemed: spent}, []domain.Record{elsewhere}},
		{"a refresh that brings no token", []domain.Record{elsewhere}, domain.Grant{AppMetadata: ptr(appMetadata("1")), Redeemed: spent}, []domain.Record{elsewhere, appMetadata("1")}},
		{"a refresh for a user without an account", []domain.Record{stored}, domain.Grant{AccessToken: &token, Redeemed: spent}, []domain.Record{stored, token}},
		{"a migrated refresh token", nil, domain.Grant{RefreshToken: &fresh, Redeemed: spent, Account: &user}, []domain.Record{fresh, user}},
		{"an application's own", nil, domain.Grant{AccessToken: &token}, []domain.Record{token}},
	} {
		t.Run(row.name, func(t *testing.T) {
			set := domain.NewTokenSet(row.set...)
			before := snapshot(set)
			wantRecords(t, set.With(row.grant, noon), row.want...)
			wantSnapshot(t, set, before)
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestWithKeepsWhatIsKnown(t *testing.T) {
	silent := domain.Account{HomeAccountID: "user.home", Environment: "login.microsoftonline.com", Tenant: tenantGUID}
	renamed := silent
	renamed.Username = "new name"
	wantRenamed := account("new name")
	stranger := silent
	stranger.HomeAccountID = "stranger.home"
	guest := account("guest")
	guest.Tenant = otherGUID
	for _, row := range []struct {
		name  string
		set   []domain.Record
		grant domain.Grant
		want  []domain.Record
	}{
		{"an account that says less", []domain.Record{account("name")}, domain.Grant{Account: &silent}, []domain.Record{account("name")}},
		{"an account that says more", []domain.Record{silent}, domain.Grant{Account: ptr(account("name"))}, []domain.Record{account("name")}},
		{"an account that says other", []domain.Record{account("name")}, domain.Grant{Account: &renamed}, []domain.Record{wantRenamed}},
		{"another user under the same key", []domain.Record{account("name")}, domain.Grant{Account: &stranger}, []domain.Record{stranger}},
		{"the user in another tenant", []domain.Record{account("name")}, domain.Grant{Account: &guest}, []domain.Record{account("name"), guest}},
		{"a client that leaves its family out", []domain.Record{appMetadata("1")}, domain.Grant{AppMetadata: ptr(appMetadata(""))}, []domain.Record{appMetadata("1")}},
		{"a client that joins a family", []domain.Record{appMetadata("")}, domain.Grant{AppMetadata: ptr(appMetadata("1"))}, []domain.Record{appMetadata("1")}},
		{"an ID token", []domain.Record{idToken("old")}, domain.Grant{IDToken: ptr(idToken("new"))}, []domain.Record{idToken("new")}},
	} {
		t.Run(row.name, func(t *testing.T) {
			set := domain.NewTokenSet(row.set...)
			before := snapshot(set)
			wantRecords(t, set.With(row.grant, noon), row.want...)
			wantSnapshot(t, set, before)
		})
	}
}

// A set holds a thousand access tokens. Those that end first make room, in one that
// a store let grow beyond it too.
func TestWithBoundsTheSet(t *testing.T) {
	for _, size := range []int{999, 1000, 1003} {
		backwards := manyTokens(size)
		slices.Reverse(backwards)
		set := domain.NewTokenSet(backwards...)
		fresh := accessToken("fresh", "other", time.Minute) // ends before all others, and is needed now
		got := set.With(domain.Grant{AccessToken: &fresh}, noon)
		if got.Len() != 1000 {
			t.Errorf("%d tokens and one more are %d, want 1000", size, got.Len())
		}
		if chosen, state := got.Select(keyOf("other"), noon); chosen == nil || state != domain.Due {
			t.Errorf("%d tokens: the new one is %s", size, state)
		}
		for i, record := range manyTokens(size) {
			chosen, _ := got.Select(record.RecordKey(), noon)
			if gone := i < size-999; gone != (chosen == nil) {
				t.Errorf("%d tokens: that which ends as number %d is gone: %v, want %v", size, i, !gone, gone)
			}
		}
		if set.Len() != size {
			t.Errorf("the set of %d was changed to %d", size, set.Len())
		}
	}
}

package keyport_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// TestNobodyIsServedAnothersToken is the promise that everything else stands on. Users
// of two tenants, guests among them, use clients that share one cache: two ids, one of
// them twice, two members of a family, and a web API that acts on behalf of its callers.
// They do so at once and in any order, while tokens go stale and end, users are signed
// out and callers give up. Each token says whose it is, for which client, tenant and
// API, and is compared with who asked.
func TestNobodyIsServedAnothersToken(t *testing.T) {
	var seen tally
	rapid.Check(t, func(outer *rapid.T) {
		rapid.SyncTest(outer, func(t *rapid.T) { playIsolation(t, &seen) })
	})
	for name, n := range map[string]*atomic.Int64{
		"tokens from the cache": &seen.cached, "tokens from the server": &seen.fresh, "shared tokens": &seen.shared,
		"ID tokens": &seen.ids, "tokens of guests": &seen.guests, "tokens on behalf of users": &seen.onBehalf, "callers who got none": &seen.failed,
	} {
		if t.Logf("%s: %d", name, n.Load()); n.Load() == 0 {
			t.Errorf("there were no %s, so this shows less than it should", name)
		}
	}
}

// tally is what all runs have seen.
type tally struct{ cached, fresh, shared, ids, guests, onBehalf, failed atomic.Int64 }

// action is what a caller does.
type action struct {
	do     string
	client string
	user   isolationUser
	scope  string
	tenant string // "" for the user's home
	nth    int    // which of the user's assertions
}

// GoString is what rapid shows of it.
func (a action) GoString() string { return a.String() }

// String is without personal data.
func (a action) String() string {
	return a.do + " by " + a.client + " for " + a.user.id[:8] + " at " + a.tenant + " " + a.scope
}

const (
	silentAction    = "silent"
	forcedAction    = "forced silent"
	challengeAction = "silent with a claims challenge"
	signInAction    = "sign-in"
	removeAction    = "remove account"
	listAction      = "accounts"
	onBehalfAction  = "on behalf of"
	forcedOnBehalf  = "forced on behalf of"
)

// drawActions draws for each caller what it does, in a world that is small enough for
// callers to meet.
func drawActions(t *rapid.T) [][]action {
	clients := rapid.SliceOfNDistinct(rapid.SampledFrom(isolationClients), 1, 2, rapid.ID).Draw(t, "clients")
	scopes := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{userReadScope, mailReadScope, reportsScope}), 1, 2, rapid.ID).Draw(t, "scopes")
	one := rapid.Custom(func(t *rapid.T) action {
		return action{
			do: rapid.SampledFrom([]string{
				silentAction, silentAction, silentAction, silentAction, silentAction, silentAction, forcedAction, forcedAction, forcedAction,
				challengeAction, signInAction, signInAction, removeAction, listAction, onBehalfAction, onBehalfAction, onBehalfAction, forcedOnBehalf,
			}).Draw(t, "do"),
			client: rapid.SampledFrom(clients).Draw(t, "client"),
			user:   rapid.SampledFrom(isolationUsers).Draw(t, "user"),
			scope:  rapid.SampledFrom(scopes).Draw(t, "scope"),
			tenant: rapid.SampledFrom([]string{"", "", keyporttest.TenantID, otherTenantID}).Draw(t, "tenant"),
			nth:    rapid.IntRange(0, 1).Draw(t, "assertion"),
		}
	})
	return rapid.SliceOfN(rapid.SliceOfN(one, 2, 6), 3, 6).Draw(t, "callers")
}

// playIsolation is one run.
func playIsolation(t *rapid.T, seen *tally) {
	callers := drawActions(t)
	w := newIsolationWorld(t, seen, callers)
	for i, actions := range callers {
		w.start(i, actions)
	}
	events := map[string]func(){
		"half an hour passes":   func() { w.authority.Clock().Advance(31 * time.Minute) },
		"nearly an hour passes": func() { w.authority.Clock().Advance(56 * time.Minute) },
		"three hours pass":      func() { w.authority.Clock().Advance(3 * time.Hour) },
		"a caller gives up":     func() { w.giveUp(rapid.IntRange(0, len(callers)-1).Draw(t, "who")) },
	}
	w.schedule.run(t, events)
	w.callers.Wait()
	w.close()
}

// act does what a caller wants and looks at what it gets.
func (w *isolationWorld) act(ctx context.Context, a action) {
	client := w.clients[a.client]
	var got keyport.Result
	var err error
	switch a.do {
	case signInAction:
		got, err = w.signIn(ctx, client, a)
	case removeAction:
		err = client.RemoveAccount(ctx, a.user.account())
	case listAction:
		w.list(ctx, client, a)
		return
	case onBehalfAction, forcedOnBehalf:
		got, err = w.api.AcquireTokenOnBehalfOf(ctx, keyport.OnBehalfOfRequest{
			UserAssertion: w.assertion(a.user, a.nth), Scopes: []string{userReadScope}, Tenant: a.user.home, ForceRefresh: a.do == forcedOnBehalf,
		})
		a.client, a.scope, a.tenant = apiClient, userReadScope, a.user.home
	default:
		r := keyport.SilentRequest{Scopes: []string{a.scope}, Account: a.user.account(), Tenant: a.tenant, ForceRefresh: a.do == forcedAction}
		if a.do == challengeAction {
			r.ClaimsChallenge = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
		}
		got, err = client.AcquireTokenSilent(ctx, r)
	}
	switch {
	case err != nil:
		w.seen.failed.Add(1)
		w.checkError(a, err)
	case a.do != removeAction:
		w.count(a, got)
		w.check(a, got)
	}
}

// checkError lets those errors pass that may happen to a caller here.
func (w *isolationWorld) checkError(a action, err error) {
	var refused *keyport.OAuthError
	var late *keyport.ResponseError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, keyport.ErrTokenNotCached):
	case errors.As(err, &late) && late.Operation == "ID token" && late.Field == "exp": // hours passed while it was on its way
	case errors.As(err, &refused) && errors.Is(err, keyport.ErrInteractionRequired): // no guest there, or an assertion that has ended
	default:
		w.t.Errorf("%v: %v", a, err)
	}
}

func (w *isolationWorld) signIn(ctx context.Context, client userClient, a action) (keyport.Result, error) {
	flow, err := client.InitiateAuthCodeFlow(ctx, keyport.AuthCodeFlowRequest{Scopes: []string{a.scope}, RedirectURI: redirectURI, Tenant: a.tenant})
	if err != nil {
		return keyport.Result{}, err
	}
	response, err := w.authority.SignIn(flow.AuthorizationURL, keyporttest.SignIn{Username: a.user.username})
	var page *keyporttest.PageError
	if errors.As(err, &page) { // no guest there
		return keyport.Result{}, keyport.ErrTokenNotCached
	} else if err != nil {
		return keyport.Result{}, err
	}
	return client.AcquireTokenByAuthCodeFlow(ctx, flow, response)
}

// list looks whether accounts are whole: never the id of one user and the name of another.
func (w *isolationWorld) list(ctx context.Context, client userClient, a action) {
	accounts, err := client.Accounts(ctx, keyport.AccountFilter{EveryTenant: true})
	if err != nil {
		w.checkError(a, err)
	}
	for _, found := range accounts {
		known := false
		for _, u := range isolationUsers {
			known = known || u.homeID() == found.HomeAccountID && u.username == found.Username
		}
		if !known {
			w.t.Errorf("%v: an account is of no user", a)
		}
	}
}

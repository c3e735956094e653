package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"

	"github.com/seed57855a68/keyport"
)

// maxJobs is how many there may be at a time.
const maxJobs = 1000

// jobs is work for users that outlives the tokens with which it was ordered. A job
// belongs to who ordered it. Its session key, with which anybody could act for that
// user, stays here; the caller gets another name for it.
type jobs struct {
	mu   sync.Mutex // guards byID
	byID map[string]job
}

type job struct{ user, sessionKey string }

func newJobs() *jobs { return &jobs{byID: map[string]job{}} }

func (j *jobs) add(one job) (id string, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.byID) >= maxJobs {
		return "", false
	}
	id = rand.Text()
	j.byID[id] = one
	return id, true
}

// of returns a user's own job.
func (j *jobs) of(user, id string) (job, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	one, ok := j.byID[id]
	return one, ok && one.user == user
}

func (j *jobs) remove(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.byID, id)
}

// startJob begins work for the user who calls. The library keeps the refresh token that
// comes with the first token for the next API.
func (a *api) startJob(w http.ResponseWriter, r *http.Request, who caller) {
	key, _, err := a.client.InitiateLongRunningOnBehalfOf(r.Context(), "", keyport.OnBehalfOfRequest{
		UserAssertion: who.token, Scopes: a.nextScopes,
	})
	if err != nil {
		a.handOn(w, r, err, "")
		return
	}
	id, ok := a.jobs.add(job{who.user, key})
	if !ok {
		a.stop(r.Context(), key)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	writeJSON(w, http.StatusCreated, map[string]string{"id": id})
}

// goOn does a piece of the work. A real one would do it without being asked to: the
// session key is all that it takes.
func (a *api) goOn(w http.ResponseWriter, r *http.Request, who caller) {
	one, ok := a.jobs.of(who.user, r.PathValue("id"))
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	a.relay(w, r, func(ctx context.Context, challenge string) (keyport.Result, error) {
		return a.client.AcquireTokenInLongRunningOnBehalfOf(ctx, keyport.LongRunningRequest{
			SessionKey: one.sessionKey, Scopes: a.nextScopes, ClaimsChallenge: challenge,
		})
	})
}

// endJob forgets the work, and the tokens for it.
func (a *api) endJob(w http.ResponseWriter, r *http.Request, who caller) {
	id := r.PathValue("id")
	one, ok := a.jobs.of(who.user, id)
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	a.jobs.remove(id)
	a.stop(r.Context(), one.sessionKey)
	w.WriteHeader(http.StatusNoContent)
}

func (a *api) stop(ctx context.Context, sessionKey string) {
	if err := a.client.StopLongRunningOnBehalfOf(ctx, sessionKey); err != nil {
		slog.ErrorContext(ctx, "could not forget a job's tokens", "error", err)
	}
}

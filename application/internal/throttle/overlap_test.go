package throttle_test

import (
	"testing"
	"time"

	"github.com/seed57855a68/keyport/application/internal/throttle"
	"github.com/seed57855a68/keyport/domain"
)

// TestAPauseIsNotCutShort: requests overlap, in one process and among those that share a
// cache. What was on its way when the server asked for a pause knows nothing of it.
func TestAPauseIsNotCutShort(t *testing.T) {
	asks := &domain.OAuthError{Code: "temporarily_unavailable", StatusCode: 429, RetryAfter: 10 * time.Minute}
	for _, row := range []struct {
		name  string
		first error
		other error
		want  time.Duration
	}{
		{"by a failure", asks, &domain.ResponseError{Status: 503}, 10 * time.Minute},
		{"by a shorter one", asks, &domain.ResponseError{Status: 503, RetryAfter: time.Minute}, 10 * time.Minute},
		{"but made longer", &domain.ResponseError{Status: 503, RetryAfter: time.Minute}, asks, 10 * time.Minute},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := newDesk(t, nil)
			var under [2]throttle.Pass
			for i := range under {
				pass, err := d.guard.Enter(t.Context(), request("one"))
				if err != nil {
					t.Fatal(err)
				}
				under[i] = pass
			}
			under[0].Done(t.Context(), row.first)
			under[1].Done(t.Context(), row.other)
			if got := d.wait(request("one")); got != row.want {
				t.Errorf("the next request waits %v, want %v", got, row.want)
			}
		})
	}
	t.Run("by a good answer", func(t *testing.T) {
		d := newDesk(t, nil)
		d.send(request("one"), &domain.ResponseError{Status: 503}) // leaves a mark that keeps nothing back
		early, err := d.guard.Enter(t.Context(), request("one"))
		if err != nil {
			t.Fatal(err)
		}
		d.send(request("one"), asks)
		early.Done(t.Context(), nil)
		if got := d.wait(request("one")); got != 10*time.Minute {
			t.Errorf("the next request waits %v", got)
		}
	})
}

package httpclient

import (
	"context"
	"crypto/rand"
	"math/big"
	"net/http"
	"slices"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

// policy decides whether, and after what time, a request is repeated.
type policy struct {
	clock            ports.Clock
	waitMin, waitMax time.Duration
	maxRetryAfter    time.Duration
}

// exchange is what the policy remembers between the attempts of one request.
type exchange struct {
	method  string
	retries int
	wait    time.Duration
}

type exchangeKey struct{}

func withExchange(ctx context.Context, method string) context.Context {
	return context.WithValue(ctx, exchangeKey{}, &exchange{method: method})
}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// checkRetry implements [retryablehttp.CheckRetry].
func (p policy) checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	x := exchangeOf(ctx)
	x.wait = jitter(p.step(x.retries))
	x.retries++
	if err != nil {
		return repeatable(x.method, err) && fits(ctx, x.wait), nil
	}
	asked, again := p.afterAnswer(x.method, resp)
	x.wait += asked // never earlier than asked; spread, so that not all come at once
	return again && fits(ctx, x.wait), nil
}

// fits reports whether there is time to wait: the answer at hand is worth more than
// a time-out.
func fits(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || wait < time.Until(deadline))
}

// wait implements [retryablehttp.PrepareRetry].
func (p policy) wait(req *http.Request) error {
	return p.clock.Sleep(req.Context(), exchangeOf(req.Context()).wait)
}

// repeatableStatus are the answers after which a GET is worth another try.
var repeatableStatus = []int{
	http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
	http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// afterAnswer returns the wait that the server asked for and whether to repeat.
func (p policy) afterAnswer(method string, resp *http.Response) (time.Duration, bool) {
	status := resp.StatusCode
	if !slices.Contains(repeatableStatus, status) {
		return 0, false
	}
	now := p.clock.Now()
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date // the server's own clock: this machine's may be wrong
	}
	asked, told := retryAfter(resp.Header.Values("Retry-After"), now)
	if told && asked > p.maxRetryAfter {
		return 0, false
	}
	if idempotent(method) {
		return asked, true
	}
	refused := status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
	return asked, refused && told
}

// step is the longest back-off before a retry, counted from zero.
func (p policy) step(retry int) time.Duration {
	step := p.waitMin
	for range retry {
		if step > p.waitMax/2 {
			return p.waitMax // doubling would overshoot, and overflow in the end
		}
		step *= 2
	}
	return step
}

// jitter is uniform in [0, limit]: full jitter spreads clients that failed together.
func jitter(limit time.Duration) time.Duration {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(limit)+1))
	if err != nil {
		return limit // crypto/rand does not fail since Go 1.24
	}
	return time.Duration(n.Int64())
}

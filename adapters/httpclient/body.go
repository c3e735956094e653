package httpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/seed57855a68/keyport/domain"
)

// maxRequestBody is far above any token request: an assertion with a long
// certificate chain has some ten kilobytes.
const maxRequestBody = 1 << 20

// readBody reads and closes the request's body. It does not rely on GetBody, which
// the application clears so that no client can follow a redirect with credentials.
func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer func() { _ = req.Body.Close() }() // what was read is what counts
	body, err := io.ReadAll(io.LimitReader(req.Body, maxRequestBody+1))
	if err != nil {
		return nil, fmt.Errorf("read request body: %w", err)
	}
	if len(body) > maxRequestBody {
		return nil, &domain.ConfigError{
			Field:   "Request.Body",
			Problem: "is larger than 1 MiB",
			Remedy:  "send large bodies with an http.Client of your own",
		}
	}
	return body, nil
}

// limitedBody ends the request's time limit when the body has been read or closed.
// Until then the limit covers reading.
type limitedBody struct {
	io.ReadCloser
	limit func() error // what ended the request, nil while it lasts
	stop  context.CancelFunc
	end   error // the error of the last Read
}

// Read implements [io.Reader].
func (b *limitedBody) Read(p []byte) (int, error) {
	if b.end != nil {
		return 0, b.end
	}
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		return n, nil
	}
	// A server that notices the end of the connection may write a proper end of the
	// body in reply, and HTTP/1.1 sometimes still reads it. Half a body is no answer.
	if limit := b.limit(); limit != nil && errors.Is(err, io.EOF) {
		err = limit
	}
	b.end = err
	b.stop()
	return n, err
}

// Close implements [io.Closer].
func (b *limitedBody) Close() error {
	defer b.stop()
	return b.ReadCloser.Close()
}

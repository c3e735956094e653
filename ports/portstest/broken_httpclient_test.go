package portstest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// doer is an HTTP client that is a function.
type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// httpClient runs the suite on clients over the standard library's.
func httpClient(do func(*http.Client, *http.Request) (*http.Response, error)) func(*testing.T) {
	return func(t *testing.T) {
		portstest.HTTPClient(t, func(t *testing.T, roots *x509.CertPool) ports.HTTPClient {
			c := standardClient(t, roots)
			return doer(func(r *http.Request) (*http.Response, error) { return do(c, r) })
		})
	}
}

var brokenHTTPClients = []broken{
	{"sends bodies after redirects", httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		return c.Do(repeatable(r))
	}), []string{"a body goes to no second host"}},
	{"hides redirects", httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		resp, err := c.Do(r)
		if err == nil {
			resp.Request = r
		}
		return resp, err
	}), []string{"a body goes to no second host", "a redirect that was followed can be seen"}},
	{"fails on redirects", httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		refusing := *c
		refusing.CheckRedirect = func(*http.Request, []*http.Request) error { return errors.New("redirect refused") }
		return refusing.Do(r)
	}), []string{"a body goes to no second host", "a redirect that was followed can be seen"}},
	{"makes errors of statuses", httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		resp, err := c.Do(r)
		if err == nil && resp.StatusCode >= 400 {
			_ = resp.Body.Close()
			return nil, fmt.Errorf("status %d", resp.StatusCode)
		}
		return resp, err
	}), []string{"every status is an answer"}},
	{"sends requests twice", httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		again := repeatable(r)
		first, err := c.Do(again)
		if err != nil {
			return nil, err
		}
		_ = first.Body.Close()
		again.Body, _ = again.GetBody()
		again.GetBody = nil
		return c.Do(again)
	}), []string{"a request arrives once and as it is", "a body goes to no second host"}},
	{"drops header fields", httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		for name, values := range r.Header {
			r.Header[name] = values[:1]
		}
		return c.Do(r)
	}), []string{"a request arrives once and as it is"}},
	{"decodes paths", httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL.RawPath = ""
		return c.Do(r)
	}), []string{"a request arrives once and as it is"}},
	{"sends bodies in chunks", httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.ContentLength = -1
		return c.Do(r)
	}), []string{"a request arrives once and as it is"}},
	{"ends its context when Do returns", httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		return c.Do(r.WithContext(ctx))
	}), []string{"a body is readable after Do"}},
	{"takes half a body for a whole one", httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		resp, err := c.Do(r)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if errors.Is(err, context.Canceled) {
			return nil, err
		}
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return resp, nil
	}), []string{"a body that is cut short is an error"}},
	{"ignores contexts", httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		return c.Do(r.WithContext(context.WithoutCancel(r.Context())))
	}), []string{"a context ends the request", "a context ends the reading", "with a context that has ended nothing is sent"}},
	{"hides why it ended", httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		resp, err := c.Do(r)
		if err != nil {
			return nil, fmt.Errorf("request failed: %v", err) //nolint:errorlint // the mistake
		}
		return resp, nil
	}), []string{"a context ends the request", "with a context that has ended nothing is sent"}},
	{"answers errors with a page of its own", httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		resp, err := c.Do(r)
		if err != nil && r.Context().Err() == nil {
			return &http.Response{StatusCode: http.StatusBadGateway, Body: http.NoBody, Request: r}, nil
		}
		return resp, err
	}), []string{"no answer is an error"}},
	{"mixes answers up", mixesAnswersUp, []string{"many callers get their own answers"}},
	{"trusts everybody", func(t *testing.T) {
		portstest.HTTPClient(t, func(t *testing.T, roots *x509.CertPool) ports.HTTPClient {
			c := standardClient(t, roots)
			c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
			return c
		})
	}, []string{"a server that is not trusted is refused"}},
}

// repeatable returns a copy of the request whose body can be read again.
func repeatable(r *http.Request) *http.Request {
	body, _ := io.ReadAll(r.Body)
	r = r.Clone(r.Context())
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Body, _ = r.GetBody()
	return r
}

// mixesAnswersUp reads bodies into one buffer for all callers.
func mixesAnswersUp(t *testing.T) {
	var mu sync.Mutex
	var buffer bytes.Buffer
	httpClient(func(c *http.Client, r *http.Request) (*http.Response, error) {
		resp, err := c.Do(r)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		previous := buffer.String()
		buffer.Reset()
		_, err = buffer.ReadFrom(resp.Body)
		_ = resp.Body.Close()
		if strings.HasPrefix(previous, "request") {
			resp.Body = io.NopCloser(strings.NewReader(previous))
			return resp, err
		}
		resp.Body = io.NopCloser(strings.NewReader(buffer.String()))
		return resp, err
	})(t)
}

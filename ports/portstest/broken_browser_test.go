package portstest_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// desktop is a browser that keeps the contract, as long as open is nil.
type desktop struct {
	works bool
	open  func(d *desktop, ctx context.Context, address string) error

	mu     sync.Mutex // guards opened
	opened []string
}

var _ ports.Browser = (*desktop)(nil)

func (d *desktop) Open(ctx context.Context, address string) error {
	if d.open != nil {
		return d.open(d, ctx, address)
	}
	if err := errors.Join(ctx.Err(), checked(address)); err != nil {
		return err
	}
	return d.show(address)
}

func checked(address string) error {
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" {
		return errors.New("no https address")
	}
	return nil
}

func (d *desktop) show(address string) error {
	if !d.works {
		return errors.New("no browser")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = append(d.opened, address)
	return nil
}

func (d *desktop) seen() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.opened)
}

// browser runs the suite on desktops that open pages in their own way.
func browser(open func(d *desktop, ctx context.Context, address string) error) func(*testing.T) {
	return func(t *testing.T) {
		portstest.Browser(t, func(_ *testing.T, works bool) (ports.Browser, func() []string) {
			d := &desktop{works: works, open: open}
			return d, d.seen
		})
	}
}

func TestBrowserAcceptsAList(t *testing.T) { browser(nil)(t) }

const (
	asItIs     = "an https address is opened as it is"
	pages      = "each call opens a page"
	notOpened  = "what is no https address is not opened"
	noBrowser  = "without a browser Open fails"
	quotes     = "errors do not quote the address"
	endedOpens = "with a context that has ended nothing is opened"
	ownPages   = "many callers open their own pages"
)

// checking makes a way to open from one that need not look at contexts and schemes.
func checking(open func(d *desktop, address string) error) func(*testing.T) {
	return browser(func(d *desktop, ctx context.Context, address string) error {
		if err := errors.Join(ctx.Err(), checked(address)); err != nil {
			return err
		}
		return open(d, address)
	})
}

var brokenBrowsers = []broken{
	{"decodes the address", checking(func(d *desktop, address string) error {
		decoded, err := url.PathUnescape(address)
		return errors.Join(err, d.show(decoded))
	}), []string{asItIs, pages, ownPages}},
	{"cuts the address off", checking(func(d *desktop, address string) error { return d.show(address[:min(len(address), 2000)]) }), []string{asItIs}},
	{"takes an ampersand for the end", checking(func(d *desktop, address string) error {
		before, _, _ := strings.Cut(address, "&")
		return d.show(before)
	}), []string{asItIs}},
	{"opens nothing twice", checking(func(d *desktop, address string) error {
		if slices.Contains(d.seen(), address) {
			return nil
		}
		return d.show(address)
	}), []string{pages}},
	{"opens everything twice", checking(func(d *desktop, address string) error { return errors.Join(d.show(address), d.show(address)) }), []string{asItIs, pages}},
	{"opens everything", browser(func(d *desktop, ctx context.Context, address string) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return d.show(address)
	}), []string{notOpened}},
	{"opens what was encrypted or not", browser(func(d *desktop, ctx context.Context, address string) error {
		if err := errors.Join(ctx.Err(), checked(strings.Replace(address, "http:", "https:", 1))); err != nil {
			return err
		}
		return d.show(address)
	}), []string{notOpened}},
	{"fails silently", checking(func(d *desktop, address string) error { _ = d.show(address); return nil }), []string{noBrowser}},
	{"quotes the address when there is no browser", checking(func(d *desktop, address string) error {
		if err := d.show(address); err != nil {
			return fmt.Errorf("open %s: %w", address, err)
		}
		return nil
	}), []string{quotes}},
	{"quotes the address when it is wrong", browser(func(d *desktop, ctx context.Context, address string) error {
		if err := errors.Join(ctx.Err(), checked(address)); err != nil {
			return fmt.Errorf("open %s: %w", address, err)
		}
		return d.show(address)
	}), []string{quotes}},
	{"opens for callers who have left", browser(func(d *desktop, _ context.Context, address string) error {
		if err := checked(address); err != nil {
			return err
		}
		return d.show(address)
	}), []string{endedOpens}},
	{"waits for the user", browser(func(d *desktop, ctx context.Context, address string) error {
		if err := errors.Join(ctx.Err(), checked(address), d.show(address)); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}), []string{asItIs, pages, ownPages}},
	{"opens one page for all who come together", checking(opensOneForAll()), []string{ownPages}},
}

// opensOneForAll lets who comes later change the page of who came before.
func opensOneForAll() func(*desktop, string) error {
	var latest sync.Map // the address for each desktop
	return func(d *desktop, address string) error {
		latest.Store(d, address)
		for range 1000 {
			runtime.Gosched()
		}
		last, _ := latest.Load(d)
		return d.show(last.(string))
	}
}

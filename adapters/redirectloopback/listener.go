package redirectloopback

import (
	"context"
	"net"

	"github.com/seed57855a68/keyport/ports"
)

var (
	_ ports.RedirectListener = (*RedirectListener)(nil)
	_ ports.RedirectReceiver = (*receiver)(nil)
)

// Options configures a [RedirectListener]. The zero value is a good choice.
//
// A page that begins with "<" is HTML. In it, $error and $error_description (or
// ${error} and so on) stand for what went wrong, escaped for use as text or in a
// quoted attribute; $error_uri for the server's own page about it. Styles and images
// must be part of the page (style elements, data: URLs), and scripts do not run. Any
// other page is plain text, with the same placeholders.
type Options struct {
	// SuccessPage is shown after a sign-in that succeeded. When empty, a short English page.
	SuccessPage string
	// ErrorPage is shown after one that failed. When empty, a short English page. What
	// the placeholders hold comes from outside, so do not put them into a URL.
	ErrorPage string
}

// RedirectListener implements [ports.RedirectListener] on the loopback interface. The
// zero value is ready; [New] makes one with other pages. It is safe for concurrent
// use, and every sign-in has its own port unless the redirect URI names one.
type RedirectListener struct {
	options Options
	listen  listenFunc // when nil, the machine's
}

// listenFunc opens a port, as [net.ListenConfig.Listen].
type listenFunc = func(ctx context.Context, network, address string) (net.Listener, error)

// New returns a listener with the given pages.
func New(o Options) *RedirectListener { return &RedirectListener{options: o} }

// Listen implements [ports.RedirectListener]. A URI that cannot be served, and a port
// that cannot be opened, are a [*domain.ConfigError] for the field "RedirectURI". The
// context is for opening the port; the receiver lives until its Close.
func (l *RedirectListener) Listen(ctx context.Context, redirectURI string) (ports.RedirectReceiver, error) {
	target, err := parse(redirectURI)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	listen := l.listen
	if listen == nil {
		listen = listenHere
	}
	listeners, port, err := bind(ctx, listen, target.addresses(), target.port)
	if err != nil {
		return nil, target.explain(err)
	}
	r := newReceiver(target.at(port), newPages(l.options))
	r.serve(listeners)
	return r, nil
}

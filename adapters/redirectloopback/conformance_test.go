package redirectloopback_test

import (
	"testing"

	"github.com/seed57855a68/keyport/adapters/redirectloopback"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

func TestConformance(t *testing.T) {
	portstest.RedirectListener(t, func(*testing.T) ports.RedirectListener {
		return redirectloopback.New(redirectloopback.Options{})
	})
	t.Run("zero value", func(t *testing.T) {
		portstest.RedirectListener(t, func(*testing.T) ports.RedirectListener { return new(redirectloopback.RedirectListener) })
	})
}

package flight

import "context"

// detacherKey is where a flight's context carries the way to detach it, and
// attacherKey the way back.
type (
	detacherKey struct{}
	attacherKey struct{}
)

// Detach says, from within the work, that the flight has come to what the server
// will remember: from now on it goes on although all waiters leave. It fails when
// they have left already. Outside a flight it does nothing.
func Detach(ctx context.Context) error {
	if detach, ok := ctx.Value(detacherKey{}).(func() error); ok {
		return detach()
	}
	return ctx.Err()
}

// Attach says that nothing is at stake any more: when all waiters have left
// meanwhile, the flight ends, and otherwise it ends with them again. One that was
// detached from the start stays so.
func Attach(ctx context.Context) error {
	if attach, ok := ctx.Value(attacherKey{}).(func() error); ok {
		return attach()
	}
	return ctx.Err()
}

// attacher returns what [Attach] calls.
func (g *Group[K, V]) attacher(key K, c *call[V]) func() error {
	return func() error {
		g.mu.Lock()
		defer g.mu.Unlock()
		c.held = false
		if c.waiters == 0 && !c.detached {
			c.cancel()
			if g.running[key] == c {
				delete(g.running, key)
			}
		}
		return c.life.Err()
	}
}

// detacher returns what [Detach] calls.
func (g *Group[K, V]) detacher(c *call[V]) func() error {
	return func() error {
		g.mu.Lock()
		defer g.mu.Unlock()
		if err := c.life.Err(); err != nil {
			return err
		}
		c.held = true
		return nil
	}
}

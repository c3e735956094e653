package flight

import "context"

// detacherKey is where a flight's context carries the way to detach it.
type detacherKey struct{}

// Detach says, from within the work, that the flight has come to what the server
// will remember: from now on it goes on although all waiters leave. It fails when
// they have left already. Outside a flight it does nothing.
func Detach(ctx context.Context) error {
	if detach, ok := ctx.Value(detacherKey{}).(func() error); ok {
		return detach()
	}
	return ctx.Err()
}

// detacher returns what [Detach] calls.
func (g *Group[K, V]) detacher(c *call[V]) func() error {
	return func() error {
		g.mu.Lock()
		defer g.mu.Unlock()
		if err := c.life.Err(); err != nil {
			return err
		}
		c.detached = true
		return nil
	}
}

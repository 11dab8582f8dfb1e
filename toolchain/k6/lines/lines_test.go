package lines

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

type counting struct {
	bytes.Buffer
	writes int
}

func (c *counting) Write(data []byte) (int, error) {
	c.writes++
	return c.Buffer.Write(data)
}

func TestLinesThatWaitAreOneWriteInTheirOrder(t *testing.T) {
	to := &counting{}
	printer := NewPrinter(to, time.Hour)
	line := []byte("a")
	printer.Print(line)
	line[0] = 'b'
	printer.Print(line)
	if to.writes != 0 {
		t.Fatalf("%d writes before the delay", to.writes)
	}
	if err := printer.Flush(); err != nil {
		t.Fatal(err)
	}
	printer.Print([]byte("c"))
	_ = printer.Flush()
	_ = printer.Flush()
	if to.String() != "a\nb\nc\n" || to.writes != 2 {
		t.Fatalf("%q in %d writes", to.String(), to.writes)
	}
}

func TestALineIsWrittenAfterTheDelayByItself(t *testing.T) {
	written := make(chan string, 1)
	NewPrinter(writer(func(data []byte) (int, error) {
		written <- string(data)
		return len(data), nil
	}), time.Millisecond).Print([]byte("alone"))
	select {
	case text := <-written:
		if text != "alone\n" {
			t.Fatalf("%q", text)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it was never written")
	}
}

func TestNothingFollowsAGap(t *testing.T) {
	full := errors.New("no space")
	tries := 0
	printer := NewPrinter(writer(func([]byte) (int, error) {
		tries++
		return 0, full
	}), time.Hour)
	for range 2 {
		printer.Print([]byte(strings.Repeat("x", 10)))
		if err := printer.Flush(); !errors.Is(err, full) {
			t.Fatal(err)
		}
	}
	if tries != 1 {
		t.Fatalf("%d writes", tries)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(data []byte) (int, error) { return w(data) }

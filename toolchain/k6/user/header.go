package user

import (
	"errors"
	"net/http"
)

// errCharacter is what Node says of a header that no request can have.
var errCharacter = errors.New("ERR_INVALID_CHAR")

// latin1 returns the bytes that Node writes of a header's value, and whether it can be written.
func latin1(value string) (string, bool) {
	written := make([]byte, 0, len(value))
	for _, one := range value {
		if one > 0xff || one == 0x7f || one < ' ' && one != '\t' {
			return "", false
		}
		written = append(written, byte(one))
	}
	return string(written), true
}

// headers is what requests send, as Node writes it.
type headers struct {
	// header is in Latin-1.
	header http.Header
	// wide is the same in UTF-8: Node writes the head of a request together with its body, which is a text. nil if
	// all of it is ASCII.
	wide http.Header
	// invalid says that a header has a character that none can have.
	invalid bool
}

func (h *headers) set(name, value string) {
	written, ok := latin1(value)
	h.invalid = h.invalid || !ok
	if h.wide == nil && written != value {
		h.wide = h.header.Clone()
	}
	h.header.Set(name, written)
	if h.wide != nil {
		h.wide.Set(name, value)
	}
}

// sent returns those of a request with or without a body.
func (h *headers) sent(hasBody bool) http.Header {
	if hasBody && h.wide != nil {
		return h.wide
	}
	return h.header
}

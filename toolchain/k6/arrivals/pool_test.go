package arrivals

import "testing"

func TestWhoBecameFreeLastIsTheNext(t *testing.T) {
	var p pool
	first, last := make(chan uint64, 1), make(chan uint64, 1)
	p.wait(first)
	p.wait(last)
	if free, taken := p.arrive(7, true); free != 1 || !taken {
		t.Fatal(free, taken)
	}
	if len(first) != 0 || <-last != 7 {
		t.Fatal("somebody else got it")
	}
}

func TestArrivalsForWhomNobodyIsFreeWaitInOrder(t *testing.T) {
	var p pool
	for number := range uint64(2) {
		if free, taken := p.arrive(number, true); free != -1-int64(number) || !taken {
			t.Fatal(free, taken)
		}
	}
	p.close()
	turn := make(chan uint64, 1)
	for number := range uint64(2) {
		p.wait(turn)
		if got := <-turn; got != number {
			t.Fatal(got)
		}
	}
	p.wait(turn)
	if _, more := <-turn; more {
		t.Fatal("there is one more")
	}
}

func TestInTheClosedModelNobodyWaits(t *testing.T) {
	var p pool
	if free, taken := p.arrive(0, false); free != 0 || taken {
		t.Fatal(free, taken)
	}
}

func TestThereAreNoMoreThanTheMost(t *testing.T) {
	var p pool
	if !p.grow(1) || p.grow(1) {
		t.Fatal("not one")
	}
	p.close()
	if p.grow(5) {
		t.Fatal("nobody needs it")
	}
}

func TestClosingSendsHomeWhoWaits(t *testing.T) {
	var p pool
	turn := make(chan uint64, 1)
	p.wait(turn)
	p.close()
	if _, more := <-turn; more {
		t.Fatal("there is one more")
	}
}

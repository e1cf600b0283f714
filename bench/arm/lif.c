/*
 * Leaky integrate-and-fire neurons in s16.15 with inputs from 16-bit ring buffers, as neural models on
 * SpiNNaker update them: SMULL, halfword loads and stores, conditional code.
 */
struct neuron {
    int voltage;
    int decay;
    int offset;
    int refractory;
};

extern struct neuron neurons[256];
extern short ring[256];

static inline int multiply(int a, int b) { return (int)(((long long)a * b) >> 15); }

unsigned lif(void) {
    unsigned spikes = 0;
    for (unsigned i = 0; i < 256; i++) {
        struct neuron *n = &neurons[i];
        int input = ring[i] << 8;
        ring[i] = 0;
        if (n->refractory > 0) {
            n->refractory--;
            continue;
        }
        int rest = n->offset + input;
        n->voltage = rest - multiply(rest - n->voltage, n->decay);
        if (n->voltage > 50 << 15) {
            n->voltage = 0;
            n->refractory = 2;
            spikes++;
            ring[(i * 7) & 255] += 500;
        }
    }
    return spikes;
}

/* What a compiled program can do on one core: 784-HIDDEN-10, sigmoid and softmax, log-likelihood, plain SGD.
   Twice: dense, and touching only the lit pixels of an image, a fifth of all. The letters are the book's.
   A row of weights belongs to one pixel (w1) or one output (w2), and holds a number for each hidden neuron. It is
   filled up with zeros to whole vectors: so the compiler needs no code for remainders. */
#include <math.h>
#include <stdint.h>

#define PIXELS 784
#define OUTPUTS 10
#define M 10                                        /* images in a mini-batch */
#define LANES 16                                    /* floats in a vector, 64 bytes */
#define VECTORS ((HIDDEN + LANES - 1) / LANES)      /* in a row */
#define ROW (VECTORS * LANES)

typedef float vector __attribute__((vector_size(4 * LANES), may_alias));
typedef float row[ROW] __attribute__((aligned(4 * LANES)));
typedef struct { row w1[PIXELS], b1, w2[OUTPUTS]; float b2[OUTPUTS]; } network;

/* Images as bytes, and their lit pixels: those of image n are number first[n] to first[n + 1] - 1. */
typedef struct {
    const uint8_t *bytes;
    const int64_t *first;
    const uint16_t *pixel;
    const uint8_t *value;
    const uint8_t *label;
} digits;

/* z = w1 x + b1, sixteen neurons at a time, whose sums for all images stay in registers. */
static void dense_forward(const network *net, const float x[M][PIXELS], row z[M])
{
    for (int v = 0; v < ROW; v += LANES) {
        vector sum[M];
        for (int i = 0; i < M; i++) sum[i] = *(vector *)(net->b1 + v);
        for (int k = 0; k < PIXELS; k++)
            for (int i = 0; i < M; i++) sum[i] += x[i][k] * *(vector *)(net->w1[k] + v);
        for (int i = 0; i < M; i++) *(vector *)(z[i] + v) = sum[i];
    }
}

/* w1 -= step x delta, in the same order. */
static void dense_update(network *net, const float x[M][PIXELS], const row delta[M], float step)
{
    for (int v = 0; v < ROW; v += LANES) {
        vector change[M];
        for (int i = 0; i < M; i++) change[i] = step * *(vector *)(delta[i] + v);
        for (int k = 0; k < PIXELS; k++) {
            vector w = *(vector *)(net->w1[k] + v);
            for (int i = 0; i < M; i++) w -= x[i][k] * change[i];
            *(vector *)(net->w1[k] + v) = w;
        }
    }
}

/* The same for image n, pixel by lit pixel: each has a row of weights. */
static void lit_forward(const network *net, const digits *all, int64_t n, row z)
{
    vector sum[VECTORS] = {0};
    for (int64_t t = all->first[n]; t < all->first[n + 1]; t++) {
        const vector *w = (const vector *)net->w1[all->pixel[t]];
        for (int v = 0; v < VECTORS; v++) sum[v] += all->value[t] * w[v];
    }
    for (int v = 0; v < VECTORS; v++) ((vector *)z)[v] = ((vector *)net->b1)[v] + sum[v] / 255;
}

static void lit_update(network *net, const digits *all, int64_t n, const row delta, float step)
{
    vector change[VECTORS];
    for (int v = 0; v < VECTORS; v++) change[v] = step / 255 * ((vector *)delta)[v];
    for (int64_t t = all->first[n]; t < all->first[n + 1]; t++) {
        vector *w = (vector *)net->w1[all->pixel[t]];
        for (int v = 0; v < VECTORS; v++) w[v] -= all->value[t] * change[v];
    }
}

/* Ask main memory for what comes next, while other images are worked on: a third of the time with lit pixels.
   (A macro, for gcc leaves out a function that does nothing else.) */
#define FETCH(from, bytes) \
    for (int64_t at = 0; at < (bytes); at += 64) __builtin_prefetch((const char *)(from) + at)

/* a1 and z2 of the chosen images; a dense x is kept for the update. */
static void forward(const network *net, const digits *all, const int64_t *chosen, int lit,
                    float x[M][PIXELS], row a1[M], float z2[M][OUTPUTS])
{
    for (int i = 0; i < M; i++)
        if (lit) lit_forward(net, all, chosen[i], a1[i]);
        else for (int k = 0; k < PIXELS; k++) x[i][k] = all->bytes[chosen[i] * PIXELS + k] * (1 / 255.f);
    if (!lit) dense_forward(net, x, a1);
    for (int i = 0; i < M; i++) {
        for (int h = 0; h < ROW; h++) a1[i][h] = 1 / (1 + expf(-a1[i][h]));
        for (int h = HIDDEN; h < ROW; h++) a1[i][h] = 0;
        for (int j = 0; j < OUTPUTS; j++) {
            float sum = net->b2[j];
            for (int h = 0; h < ROW; h++) sum += a1[i][h] * net->w2[j][h];
            z2[i][j] = sum;
        }
    }
}

/* Softmax less y, in place of z2: the error of the outputs. */
static void output_error(const digits *all, const int64_t *chosen, float z2[M][OUTPUTS])
{
    for (int i = 0; i < M; i++) {
        float most = z2[i][0], sum = 0;
        for (int j = 1; j < OUTPUTS; j++) most = z2[i][j] > most ? z2[i][j] : most;
        for (int j = 0; j < OUTPUTS; j++) z2[i][j] = expf(z2[i][j] - most);
        for (int j = 0; j < OUTPUTS; j++) sum += z2[i][j];
        for (int j = 0; j < OUTPUTS; j++) z2[i][j] /= sum;
        z2[i][all->label[chosen[i]]] -= 1;
    }
}

void train(network *net, const digits *all, const int64_t *order, int64_t count, float eta, int lit)
{
    static float x[M][PIXELS] __attribute__((aligned(4 * LANES)));
    row a1[M], delta1[M];
    float delta2[M][OUTPUTS], step = eta / M;
    for (const int64_t *chosen = order; chosen + M <= order + count; chosen += M) {
        forward(net, all, chosen, lit, x, a1, delta2);
        output_error(all, chosen, delta2);
        for (int i = M; i < 2 * M && chosen + i < order + count; i++) {
            int64_t first = all->first[chosen[i]], pixels = all->first[chosen[i] + 1] - first;
            if (!lit) FETCH(all->bytes + chosen[i] * PIXELS, PIXELS);
            if (lit) FETCH(all->pixel + first, 2 * pixels);
            if (lit) FETCH(all->value + first, pixels);
        }
        for (int i = 0; i < M; i++) {
            for (int h = 0; h < ROW; h++) {
                float sum = 0;
                for (int j = 0; j < OUTPUTS; j++) sum += delta2[i][j] * net->w2[j][h];
                delta1[i][h] = sum * a1[i][h] * (1 - a1[i][h]);
            }
        }
        for (int i = 0; i < M; i++) {
            for (int j = 0; j < OUTPUTS; j++) {
                for (int h = 0; h < ROW; h++) net->w2[j][h] -= step * delta2[i][j] * a1[i][h];
                net->b2[j] -= step * delta2[i][j];
            }
            for (int h = 0; h < ROW; h++) net->b1[h] -= step * delta1[i][h];
            if (lit) lit_update(net, all, chosen[i], delta1[i], step);
        }
        if (!lit) dense_update(net, x, delta1, step);
    }
}

/* How many of the images, a multiple of M, are answered rightly. */
int64_t right(const network *net, const digits *all, int64_t count, int lit)
{
    static float x[M][PIXELS] __attribute__((aligned(4 * LANES)));
    row a1[M];
    float z2[M][OUTPUTS];
    int64_t found = 0, chosen[M];
    for (int64_t n = 0; n + M <= count; n += M) {
        for (int i = 0; i < M; i++) chosen[i] = n + i;
        forward(net, all, chosen, lit, x, a1, z2);
        for (int i = 0; i < M; i++) {
            int answer = 0;
            for (int j = 1; j < OUTPUTS; j++) answer = z2[i][j] > z2[i][answer] ? j : answer;
            found += answer == all->label[n + i];
        }
    }
    return found;
}

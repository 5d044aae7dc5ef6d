#include "sim/europe.h"

const struct fc_country fc_europe_countries[FC_EUROPE_COUNTRIES] = {
    {"AT", "Austria", 9159},         {"BE", "Belgium", 11832},    {"BG", "Bulgaria", 6446},
    {"CH", "Switzerland", 8962},     {"CY", "Cyprus", 934},       {"CZ", "Czechia", 10901},
    {"DE", "Germany", 83445},        {"DK", "Denmark", 5961},     {"EE", "Estonia", 1375},
    {"ES", "Spain", 48611},          {"FI", "Finland", 5604},     {"FR", "France", 68402},
    {"GB", "United Kingdom", 68300}, {"GR", "Greece", 10397},     {"HR", "Croatia", 3862},
    {"HU", "Hungary", 9585},         {"IE", "Ireland", 5344},     {"IS", "Iceland", 384},
    {"IT", "Italy", 58990},          {"LI", "Liechtenstein", 40}, {"LT", "Lithuania", 2886},
    {"LU", "Luxembourg", 672},       {"LV", "Latvia", 1872},      {"MT", "Malta", 563},
    {"NL", "Netherlands", 17943},    {"NO", "Norway", 5550},      {"PL", "Poland", 36621},
    {"PT", "Portugal", 10640},       {"RO", "Romania", 19064},    {"SE", "Sweden", 10552},
    {"SI", "Slovenia", 2124},        {"SK", "Slovakia", 5425},
};

const struct fc_city fc_europe_cities[FC_EUROPE_CITIES] = {
    {"AT", "vienna", 482082, 163738, 290},     {"AT", "linz", 483069, 142858, 80},
    {"AT", "graz", 470707, 154395, 65},        {"AT", "salzburg", 478095, 130550, 38},
    {"BE", "brussels", 508503, 43517, 330},    {"BE", "antwerp", 512194, 44025, 110},
    {"BE", "liege", 506326, 55797, 75},        {"BE", "ghent", 510543, 37174, 64},
    {"BG", "sofia", 426977, 233219, 170},      {"BG", "plovdiv", 421354, 247453, 65},
    {"BG", "varna", 432141, 279147, 45},       {"CH", "zurich", 473769, 85417, 160},
    {"CH", "geneva", 462044, 61432, 63},       {"CH", "basel", 475596, 75886, 54},
    {"CH", "lausanne", 465197, 66323, 44},     {"CH", "bern", 469480, 74474, 42},
    {"CY", "nicosia", 351856, 333823, 34},     {"CY", "limassol", 347071, 330226, 25},
    {"CZ", "prague", 500755, 144378, 275},     {"CZ", "brno", 491951, 166068, 122},
    {"CZ", "ostrava", 498209, 182625, 119},    {"DE", "berlin", 525200, 134050, 535},
    {"DE", "hamburg", 535511, 99937, 334},     {"DE", "munich", 481351, 115820, 295},
    {"DE", "stuttgart", 487758, 91829, 280},   {"DE", "frankfurt", 501109, 86821, 275},
    {"DE", "cologne", 509375, 69603, 200},     {"DE", "dusseldorf", 512277, 67735, 156},
    {"DE", "nuremberg", 494521, 110767, 136},  {"DE", "hanover", 523759, 97320, 133},
    {"DE", "leipzig", 513397, 123731, 106},    {"DK", "copenhagen", 556761, 125683, 205},
    {"DK", "aarhus", 561629, 102039, 91},      {"DK", "odense", 554038, 104024, 50},
    {"EE", "tallinn", 594370, 247536, 62},     {"EE", "tartu", 583776, 267290, 16},
    {"ES", "madrid", 404168, -37038, 690},     {"ES", "barcelona", 413874, 21686, 573},
    {"ES", "valencia", 394699, -3763, 261},    {"ES", "seville", 373891, -59845, 196},
    {"ES", "malaga", 367213, -44214, 172},     {"ES", "bilbao", 432630, -29350, 114},
    {"ES", "zaragoza", 416488, -8891, 98},     {"FI", "helsinki", 601699, 249384, 173},
    {"FI", "tampere", 614978, 237610, 53},     {"FI", "turku", 604518, 222666, 49},
    {"FI", "oulu", 650121, 254651, 42},        {"FR", "paris", 488566, 23522, 1230},
    {"FR", "marseille", 432965, 53698, 310},   {"FR", "lille", 506292, 30573, 260},
    {"FR", "lyon", 457640, 48357, 230},        {"FR", "bordeaux", 448378, -5792, 165},
    {"FR", "nantes", 472184, -15536, 147},     {"FR", "toulouse", 436047, 14442, 142},
    {"FR", "strasbourg", 485734, 77521, 115},  {"GB", "london", 515074, -1278, 1450},
    {"GB", "manchester", 534808, -22426, 340}, {"GB", "birmingham", 524862, -18904, 290},
    {"GB", "leeds", 538008, -15491, 230},      {"GB", "glasgow", 558642, -42518, 185},
    {"GB", "cardiff", 514816, -31791, 113},    {"GB", "bristol", 514545, -25879, 93},
    {"GB", "edinburgh", 559533, -31883, 91},   {"GB", "belfast", 545973, -59301, 68},
    {"GR", "athens", 379838, 237275, 360},     {"GR", "thessaloniki", 406401, 229444, 109},
    {"GR", "patras", 382466, 217346, 30},      {"HR", "zagreb", 458150, 159819, 110},
    {"HR", "split", 435081, 164402, 42},       {"HR", "rijeka", 453271, 144422, 28},
    {"HU", "budapest", 474979, 190402, 303},   {"HU", "debrecen", 475316, 216273, 52},
    {"HU", "szeged", 462530, 201414, 39},      {"IE", "dublin", 533498, -62603, 209},
    {"IE", "cork", 518985, -84756, 58},        {"IE", "galway", 532707, -90568, 28},
    {"IS", "reykjavik", 641466, -219426, 25},  {"IS", "akureyri", 656885, -181262, 2},
    {"IT", "milan", 454642, 91900, 434},       {"IT", "rome", 419028, 124964, 423},
    {"IT", "naples", 408518, 142681, 297},     {"IT", "turin", 450703, 76869, 220},
    {"IT", "bari", 411171, 168719, 122},       {"IT", "palermo", 381157, 133615, 120},
    {"IT", "bologna", 444949, 113426, 102},    {"IT", "florence", 437696, 112558, 98},
    {"LI", "vaduz", 471410, 95209, 3},         {"LI", "schaan", 471650, 95087, 1},
    {"LT", "vilnius", 546872, 252797, 85},     {"LT", "kaunas", 548985, 239036, 58},
    {"LT", "klaipeda", 557033, 211443, 33},    {"LU", "luxembourg", 496116, 61319, 50},
    {"LU", "esch", 494958, 59806, 17},         {"LV", "riga", 569496, 241052, 85},
    {"LV", "daugavpils", 558747, 265362, 10},  {"MT", "valletta", 358989, 145146, 53},
    {"MT", "victoria", 360440, 142400, 4},     {"NL", "amsterdam", 523676, 49041, 290},
    {"NL", "rotterdam", 519244, 44777, 184},   {"NL", "utrecht", 520907, 51214, 137},
    {"NL", "the-hague", 520705, 43007, 114},   {"NL", "eindhoven", 514416, 54697, 80},
    {"NL", "groningen", 532194, 65665, 60},    {"NO", "oslo", 599139, 107522, 144},
    {"NO", "bergen", 603913, 53221, 43},       {"NO", "stavanger", 589700, 57331, 35},
    {"NO", "trondheim", 634305, 103951, 33},   {"NO", "tromso", 696492, 189553, 9},
    {"PL", "warsaw", 522297, 210122, 315},     {"PL", "katowice", 502649, 190238, 250},
    {"PL", "krakow", 500647, 199450, 147},     {"PL", "wroclaw", 511079, 170385, 128},
    {"PL", "poznan", 524064, 169252, 124},     {"PL", "gdansk", 543520, 186466, 122},
    {"PL", "lodz", 517592, 194560, 101},       {"PT", "lisbon", 387223, -91393, 290},
    {"PT", "porto", 411579, -86291, 176},      {"PT", "coimbra", 402033, -84103, 44},
    {"RO", "bucharest", 444268, 261025, 228},  {"RO", "iasi", 471585, 276014, 77},
    {"RO", "cluj", 467712, 236236, 68},        {"RO", "timisoara", 457489, 212087, 65},
    {"SE", "stockholm", 593293, 180686, 245},  {"SE", "gothenburg", 577089, 119746, 177},
    {"SE", "malmo", 556050, 130038, 142},      {"SE", "lulea", 655848, 221547, 25},
    {"SI", "ljubljana", 460569, 145058, 57},   {"SI", "maribor", 465547, 156459, 33},
    {"SK", "kosice", 487164, 212611, 78},      {"SK", "bratislava", 481486, 171077, 73},
};

/* Remainders that were served are marked by a share above the quotient; `count` is small. */
void fc_apportion(uint32_t seats, const uint32_t *weights, uint32_t count, uint32_t *shares)
{
    uint64_t total = 0;
    uint32_t left = seats;
    for (uint32_t i = 0; i < count; i++)
        total += weights[i];
    for (uint32_t i = 0; i < count; i++) {
        shares[i] = total ? (uint32_t)((uint64_t)seats * weights[i] / total) : 0;
        left -= shares[i];
    }
    if (total == 0 && count > 0)
        shares[0] = seats;
    while (total && left > 0) {
        uint32_t best = count;
        uint64_t most = 0;
        for (uint32_t i = 0; i < count; i++) {
            uint64_t quotient = (uint64_t)seats * weights[i] / total;
            uint64_t remainder = (uint64_t)seats * weights[i] % total;
            if (shares[i] == quotient && weights[i] && (best == count || remainder > most)) {
                best = i;
                most = remainder;
            }
        }
        shares[best]++;
        left--;
    }
}

"""openai-whisper's model, filled with the weights of a CTranslate2 folder, widened to f32. Not a converter to a file."""

import json
import mmap
import os
import struct

import numpy
import torch
from whisper.model import ModelDimensions, Whisper

# The number formats of model.bin, by their code.
FORMATS = ("<f4", "<i1", "<i2", "<i4", "<f2")


class Variables:
    """The tensors of a model.bin (binary version 6), by name; read where the file is mapped."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.at = 0
        self.places = {}
        version = self.number("I")
        if version != 6:
            raise ValueError(f"{path} has binary version {version}, and 6 can be read")
        self.string()
        self.number("I")
        for _ in range(self.number("I")):
            name = self.string()
            shape = [self.number("I") for _ in range(self.number("B"))]
            kind, size = self.number("B"), self.number("I")
            if FORMATS[kind] in ("<i1", "<i2") and shape:
                raise ValueError(f"{path} holds {name} in whole numbers: the comparison needs a folder in f16 or f32")
            self.places[name] = (FORMATS[kind], shape, self.at)
            self.at += size

    def number(self, code):
        """The next unsigned number."""
        (value,) = struct.unpack_from("<" + code, self.bytes, self.at)
        self.at += struct.calcsize("<" + code)
        return value

    def string(self):
        """The next string; its stored length counts a closing zero."""
        size = self.number("H")
        self.at += size
        return self.bytes[self.at - size : self.at - 1].decode()

    def __getitem__(self, name):
        kind, shape, at = self.places[name]
        count = int(numpy.prod(shape, dtype=numpy.int64))
        return numpy.frombuffer(self.bytes, dtype=kind, count=count, offset=at).reshape(shape)

    def layers(self, side):
        """How many layers the encoder or decoder has."""
        return sum(name.startswith(f"{side}/layer_") and name.endswith("/ffn/layer_norm/gamma") for name in self.places)


def load(folder):
    """The model of `folder`, in f32, ready to transcribe."""
    variables = Variables(os.path.join(folder, "model.bin"))
    model = Whisper(dimensions(variables))
    with torch.no_grad():
        for parameter, values in fill(model, variables):
            parameter.copy_(torch.from_numpy(values.astype(numpy.float32)))
    with open(os.path.join(folder, "config.json")) as file:
        pairs = json.load(file)["alignment_heads"]
    heads = torch.zeros(model.dims.n_text_layer, model.dims.n_text_head, dtype=torch.bool)
    for layer, head in pairs:
        heads[layer, head] = True
    model.register_buffer("alignment_heads", heads.to_sparse(), persistent=False)
    return model.eval()


def dimensions(v):
    """The sizes of the model, from the shapes of its tensors."""
    width, mels, _ = v["encoder/conv1/weight"].shape
    return ModelDimensions(
        n_mels=mels,
        n_audio_ctx=v["encoder/position_encodings/encodings"].shape[0],
        n_audio_state=width,
        n_audio_head=int(v["encoder/num_heads"]),
        n_audio_layer=v.layers("encoder"),
        n_vocab=v["decoder/embeddings/weight"].shape[0],
        n_text_ctx=v["decoder/position_encodings/encodings"].shape[0],
        n_text_state=v["decoder/embeddings/weight"].shape[1],
        n_text_head=int(v["decoder/num_heads"]),
        n_text_layer=v.layers("decoder"),
    )


def fill(model, v):
    """Pairs of a parameter of `model` and its values, for every parameter.

    CTranslate2 keeps the query, key and value projections of self-attention in one matrix, and the key and value
    projections of cross-attention in another; the key's bias, absent from the model, is zero there.
    """
    encoder, decoder = model.encoder, model.decoder
    for conv, name in ((encoder.conv1, "conv1"), (encoder.conv2, "conv2")):
        yield from linear(conv, v, f"encoder/{name}")
    yield encoder.positional_embedding, v["encoder/position_encodings/encodings"]
    yield decoder.positional_embedding, v["decoder/position_encodings/encodings"]
    yield decoder.token_embedding.weight, v["decoder/embeddings/weight"]
    yield from norm(encoder.ln_post, v, "encoder/layer_norm")
    yield from norm(decoder.ln, v, "decoder/layer_norm")
    for side, blocks in (("encoder", encoder.blocks), ("decoder", decoder.blocks)):
        for number, block in enumerate(blocks):
            yield from layer(block, v, f"{side}/layer_{number}")


def layer(block, v, at):
    """The pairs of one transformer layer."""
    own = block.attn
    yield from split((own.query, own.key, own.value), v, f"{at}/self_attention/linear_0")
    yield from linear(own.out, v, f"{at}/self_attention/linear_1")
    yield from norm(block.attn_ln, v, f"{at}/self_attention/layer_norm")
    if block.cross_attn is not None:
        cross = block.cross_attn
        yield from linear(cross.query, v, f"{at}/attention/linear_0")
        yield from split((cross.key, cross.value), v, f"{at}/attention/linear_1")
        yield from linear(cross.out, v, f"{at}/attention/linear_2")
        yield from norm(block.cross_attn_ln, v, f"{at}/attention/layer_norm")
    yield from linear(block.mlp[0], v, f"{at}/ffn/linear_0")
    yield from linear(block.mlp[2], v, f"{at}/ffn/linear_1")
    yield from norm(block.mlp_ln, v, f"{at}/ffn/layer_norm")


def split(modules, v, at):
    """The pairs of projections stacked in one matrix."""
    weights = numpy.split(v[f"{at}/weight"], len(modules))
    biases = numpy.split(v[f"{at}/bias"], len(modules))
    for module, weight, bias in zip(modules, weights, biases):
        yield module.weight, weight
        if module.bias is not None:
            yield module.bias, bias


def linear(module, v, at):
    """The pairs of a linear layer or a convolution."""
    yield module.weight, v[f"{at}/weight"]
    yield module.bias, v[f"{at}/bias"]


def norm(module, v, at):
    """The pairs of a layer norm."""
    yield module.weight, v[f"{at}/gamma"]
    yield module.bias, v[f"{at}/beta"]

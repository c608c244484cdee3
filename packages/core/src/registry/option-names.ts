// Constructor options of Keras' classes beside those that all of a kind share. Written by tools/options/option_names.py.

export const layerOptions: Readonly<Record<string, string>> = {
  Activation: "activation",
  ActivityRegularization: "l1 l2",
  AdaptiveAveragePooling1D: "outputSize dataFormat",
  AdaptiveAveragePooling2D: "outputSize dataFormat",
  AdaptiveAveragePooling3D: "outputSize dataFormat",
  AdaptiveMaxPooling1D: "outputSize dataFormat",
  AdaptiveMaxPooling2D: "outputSize dataFormat",
  AdaptiveMaxPooling3D: "outputSize dataFormat",
  Add: "",
  AdditiveAttention: "useScale dropout scoreMode seed",
  AlphaDropout: "rate noiseShape seed",
  Attention: "useScale scoreMode dropout seed",
  AugMix: "valueRange numChains chainDepth factor alpha allOps interpolation seed dataFormat boundingBoxFormat",
  AutoContrast: "valueRange factor boundingBoxFormat dataFormat",
  Average: "",
  AveragePooling1D: "poolSize strides padding dataFormat poolDimensions poolMode",
  AveragePooling2D: "poolSize strides padding dataFormat poolDimensions poolMode",
  AveragePooling3D: "poolSize strides padding dataFormat poolDimensions poolMode",
  BatchNormalization:
    "axis momentum epsilon center scale betaInitializer gammaInitializer movingMeanInitializer movingVarianceInitializer betaRegularizer gammaRegularizer betaConstraint gammaConstraint renorm renormClipping renormMomentum synchronized",
  Bidirectional: "layer mergeMode weights backwardLayer",
  CategoryEncoding: "numTokens outputMode sparse",
  CenterCrop: "height width dataFormat factor boundingBoxFormat",
  Concatenate: "axis",
  ContrastLimitedAdaptiveHistogramEqualization: "valueRange clipLimit tileGridSize dataFormat factor boundingBoxFormat",
  Conv1D:
    "filters kernelSize strides padding dataFormat dilationRate groups activation useBias kernelInitializer biasInitializer kernelRegularizer biasRegularizer kernelConstraint biasConstraint rank loraRank loraAlpha",
  Conv1DTranspose:
    "filters kernelSize strides padding outputPadding dataFormat dilationRate activation useBias kernelInitializer biasInitializer kernelRegularizer biasRegularizer kernelConstraint biasConstraint rank",
  Conv2D:
    "filters kernelSize strides padding dataFormat dilationRate groups activation useBias kernelInitializer biasInitializer kernelRegularizer biasRegularizer kernelConstraint biasConstraint rank loraRank loraAlpha",
  Conv2DTranspose:
    "filters kernelSize strides padding outputPadding dataFormat dilationRate activation useBias kernelInitializer biasInitializer kernelRegularizer biasRegularizer kernelConstraint biasConstraint rank",
  Conv3D:
    "filters kernelSize strides padding dataFormat dilationRate groups activation useBias kernelInitializer biasInitializer kernelRegularizer biasRegularizer kernelConstraint biasConstraint rank loraRank loraAlpha",
  Conv3DTranspose:
    "filters kernelSize strides padding dataFormat outputPadding dilationRate activation useBias kernelInitializer biasInitializer kernelRegularizer biasRegularizer kernelConstraint biasConstraint rank",
  ConvLSTM1D:
    "filters kernelSize strides padding dataFormat dilationRate activation recurrentActivation useBias kernelInitializer recurrentInitializer biasInitializer unitForgetBias kernelRegularizer recurrentRegularizer biasRegularizer kernelConstraint recurrentConstraint biasConstraint dropout recurrentDropout seed returnSequences returnState goBackwards stateful rank cell unroll zeroOutputForMask",
  ConvLSTM2D:
    "filters kernelSize strides padding dataFormat dilationRate activation recurrentActivation useBias kernelInitializer recurrentInitializer biasInitializer unitForgetBias kernelRegularizer recurrentRegularizer biasRegularizer kernelConstraint recurrentConstraint biasConstraint dropout recurrentDropout seed returnSequences returnState goBackwards stateful rank cell unroll zeroOutputForMask",
  ConvLSTM3D:
    "filters kernelSize strides padding dataFormat dilationRate activation recurrentActivation useBias kernelInitializer recurrentInitializer biasInitializer unitForgetBias kernelRegularizer recurrentRegularizer biasRegularizer kernelConstraint recurrentConstraint biasConstraint dropout recurrentDropout seed returnSequences returnState goBackwards stateful rank cell unroll zeroOutputForMask",
  Cropping1D: "cropping",
  Cropping2D: "cropping dataFormat",
  Cropping3D: "cropping dataFormat",
  CutMix: "factor seed dataFormat boundingBoxFormat",
  Dense:
    "units activation useBias kernelInitializer biasInitializer kernelRegularizer biasRegularizer kernelConstraint biasConstraint loraRank loraAlpha quantizationConfig",
  DepthwiseConv1D:
    "kernelSize strides padding depthMultiplier dataFormat dilationRate activation useBias depthwiseInitializer biasInitializer depthwiseRegularizer biasRegularizer depthwiseConstraint biasConstraint rank",
  DepthwiseConv2D:
    "kernelSize strides padding depthMultiplier dataFormat dilationRate activation useBias depthwiseInitializer biasInitializer depthwiseRegularizer biasRegularizer depthwiseConstraint biasConstraint rank",
  Discretization: "binBoundaries numBins epsilon outputMode sparse",
  Dot: "axes normalize",
  Dropout: "rate noiseShape seed",
  ELU: "alpha",
  EinsumDense:
    "equation outputShape activation biasAxes kernelInitializer biasInitializer kernelRegularizer biasRegularizer kernelConstraint biasConstraint loraRank loraAlpha gptqUnpackedColumnSize quantizationConfig",
  Embedding:
    "inputDim outputDim embeddingsInitializer embeddingsRegularizer embeddingsConstraint maskZero weights loraRank loraAlpha quantizationConfig",
  Equalization: "valueRange bins dataFormat factor boundingBoxFormat",
  Flatten: "dataFormat",
  FlaxLayer: "module method variables callFn initFn params state seed nativeSerializationPlatforms",
  GRU: "units activation recurrentActivation useBias kernelInitializer recurrentInitializer biasInitializer kernelRegularizer recurrentRegularizer biasRegularizer kernelConstraint recurrentConstraint biasConstraint dropout recurrentDropout seed returnSequences returnState goBackwards stateful unroll resetAfter useCudnn cell zeroOutputForMask implementation",
  GRUCell:
    "units activation recurrentActivation useBias kernelInitializer recurrentInitializer biasInitializer kernelRegularizer recurrentRegularizer biasRegularizer kernelConstraint recurrentConstraint biasConstraint dropout recurrentDropout resetAfter seed implementation",
  GaussianDropout: "rate seed",
  GaussianNoise: "stddev seed",
  GlobalAveragePooling1D: "dataFormat keepdims poolDimensions",
  GlobalAveragePooling2D: "dataFormat keepdims poolDimensions",
  GlobalAveragePooling3D: "dataFormat keepdims poolDimensions",
  GlobalMaxPooling1D: "dataFormat keepdims poolDimensions",
  GlobalMaxPooling2D: "dataFormat keepdims poolDimensions",
  GlobalMaxPooling3D: "dataFormat keepdims poolDimensions",
  GroupNormalization:
    "groups axis epsilon center scale betaInitializer gammaInitializer betaRegularizer gammaRegularizer betaConstraint gammaConstraint",
  HashedCrossing: "numBins outputMode sparse",
  Hashing: "numBins maskValue salt outputMode sparse",
  Identity: "",
  InputLayer: "shape batchSize sparse ragged batchShape inputTensor optional",
  IntegerLookup:
    "maxTokens numOovIndices maskToken oovToken vocabulary vocabularyDtype idfWeights invert outputMode sparse padToMaxTokens oovMethod salt",
  JaxLayer: "callFn initFn params state seed nativeSerializationPlatforms",
  LSTM: "units activation recurrentActivation useBias kernelInitializer recurrentInitializer biasInitializer unitForgetBias kernelRegularizer recurrentRegularizer biasRegularizer kernelConstraint recurrentConstraint biasConstraint dropout recurrentDropout seed returnSequences returnState goBackwards stateful unroll useCudnn cell zeroOutputForMask implementation",
  LSTMCell:
    "units activation recurrentActivation useBias kernelInitializer recurrentInitializer biasInitializer unitForgetBias kernelRegularizer recurrentRegularizer biasRegularizer kernelConstraint recurrentConstraint biasConstraint dropout recurrentDropout seed implementation",
  Lambda: "function outputShape mask arguments",
  LayerNormalization:
    "axis epsilon center scale betaInitializer gammaInitializer betaRegularizer gammaRegularizer betaConstraint gammaConstraint rmsScaling",
  LeakyReLU: "negativeSlope",
  Masking: "maskValue",
  MaxNumBoundingBoxes: "maxNumber fillValue factor boundingBoxFormat dataFormat",
  MaxPooling1D: "poolSize strides padding dataFormat poolDimensions poolMode",
  MaxPooling2D: "poolSize strides padding dataFormat poolDimensions poolMode",
  MaxPooling3D: "poolSize strides padding dataFormat poolDimensions poolMode",
  Maximum: "",
  MelSpectrogram:
    "fftLength sequenceStride sequenceLength window samplingRate numMelBins minFreq maxFreq powerToDb topDb magExp minPower refPower",
  Minimum: "",
  MixUp: "alpha dataFormat seed factor boundingBoxFormat",
  MultiHeadAttention:
    "numHeads keyDim valueDim dropout useBias outputShape attentionAxes slidingWindow flashAttention kernelInitializer biasInitializer kernelRegularizer biasRegularizer kernelConstraint biasConstraint useGate seed",
  Multiply: "",
  Normalization: "axis mean variance invert",
  PReLU: "alphaInitializer alphaRegularizer alphaConstraint sharedAxes",
  Permute: "dims",
  Pipeline: "layers",
  RMSNormalization: "axis epsilon",
  RNN: "cell returnSequences returnState goBackwards stateful unroll zeroOutputForMask",
  RandAugment: "valueRange numOps factor interpolation seed dataFormat boundingBoxFormat",
  RandomBrightness: "factor valueRange seed boundingBoxFormat dataFormat",
  RandomColorDegeneration: "factor valueRange dataFormat seed boundingBoxFormat",
  RandomColorJitter:
    "valueRange brightnessFactor contrastFactor saturationFactor hueFactor seed dataFormat factor boundingBoxFormat",
  RandomContrast: "factor valueRange seed boundingBoxFormat dataFormat",
  RandomCrop: "height width seed dataFormat factor boundingBoxFormat",
  RandomElasticTransform: "factor scale interpolation fillMode fillValue valueRange seed dataFormat boundingBoxFormat",
  RandomErasing: "factor scale fillValue valueRange seed dataFormat boundingBoxFormat",
  RandomFlip: "mode seed dataFormat factor boundingBoxFormat",
  RandomGaussianBlur: "factor kernelSize sigma valueRange dataFormat seed boundingBoxFormat",
  RandomGrayscale: "factor dataFormat seed boundingBoxFormat",
  RandomHue: "factor valueRange dataFormat seed boundingBoxFormat",
  RandomInvert: "factor valueRange seed dataFormat boundingBoxFormat",
  RandomPerspective: "factor scale interpolation fillValue seed dataFormat boundingBoxFormat",
  RandomPosterization: "factor valueRange dataFormat seed boundingBoxFormat",
  RandomRotation: "factor fillMode interpolation seed fillValue dataFormat boundingBoxFormat",
  RandomSaturation: "factor valueRange dataFormat seed boundingBoxFormat",
  RandomSharpness: "factor valueRange dataFormat seed boundingBoxFormat",
  RandomShear: "xFactor yFactor interpolation fillMode fillValue dataFormat seed factor boundingBoxFormat",
  RandomTranslation:
    "heightFactor widthFactor fillMode interpolation seed fillValue dataFormat factor boundingBoxFormat",
  RandomZoom: "heightFactor widthFactor fillMode interpolation seed fillValue dataFormat factor boundingBoxFormat",
  ReLU: "maxValue negativeSlope threshold",
  RepeatVector: "n",
  Rescaling: "scale offset",
  Reshape: "targetShape",
  Resizing:
    "height width interpolation cropToAspectRatio padToAspectRatio fillMode fillValue antialias dataFormat factor boundingBoxFormat",
  ReversibleEmbedding:
    "inputDim outputDim tieWeights embeddingsInitializer embeddingsRegularizer embeddingsConstraint maskZero reverseDtype logitSoftCap weights loraRank loraAlpha quantizationConfig",
  STFTSpectrogram: "mode frameLength frameStep fftLength window periodic scaling padding expandDims dataFormat",
  SeparableConv1D:
    "filters kernelSize strides padding dataFormat dilationRate depthMultiplier activation useBias depthwiseInitializer pointwiseInitializer biasInitializer depthwiseRegularizer pointwiseRegularizer biasRegularizer depthwiseConstraint pointwiseConstraint biasConstraint rank",
  SeparableConv2D:
    "filters kernelSize strides padding dataFormat dilationRate depthMultiplier activation useBias depthwiseInitializer pointwiseInitializer biasInitializer depthwiseRegularizer pointwiseRegularizer biasRegularizer depthwiseConstraint pointwiseConstraint biasConstraint rank",
  SimpleRNN:
    "units activation useBias kernelInitializer recurrentInitializer biasInitializer kernelRegularizer recurrentRegularizer biasRegularizer kernelConstraint recurrentConstraint biasConstraint dropout recurrentDropout returnSequences returnState goBackwards stateful unroll seed cell zeroOutputForMask",
  SimpleRNNCell:
    "units activation useBias kernelInitializer recurrentInitializer biasInitializer kernelRegularizer recurrentRegularizer biasRegularizer kernelConstraint recurrentConstraint biasConstraint dropout recurrentDropout seed",
  Softmax: "axis",
  Solarization: "additionFactor thresholdFactor valueRange seed factor boundingBoxFormat dataFormat",
  SpatialDropout1D: "rate seed",
  SpatialDropout2D: "rate dataFormat seed",
  SpatialDropout3D: "rate dataFormat seed",
  SpectralNormalization: "layer powerIterations",
  StackedRNNCells: "cells",
  StringLookup:
    "maxTokens numOovIndices maskToken oovToken vocabulary idfWeights invert outputMode padToMaxTokens sparse encoding salt vocabularyDtype oovMethod",
  Subtract: "",
  TextVectorization:
    "maxTokens standardize split ngrams outputMode outputSequenceLength padToMaxTokens vocabulary idfWeights sparse ragged encoding",
  TimeDistributed: "layer",
  TorchModuleWrapper: "module outputShape",
  UnitNormalization: "axis",
  UpSampling1D: "size",
  UpSampling2D: "size dataFormat interpolation",
  UpSampling3D: "size dataFormat",
  ZeroPadding1D: "padding dataFormat",
  ZeroPadding2D: "padding dataFormat",
  ZeroPadding3D: "padding dataFormat",
  Functional: "inputs outputs",
  Model: "inputs outputs",
  Sequential: "layers",
};

export const lossOptions: Readonly<Record<string, string>> = {
  BinaryCrossentropy: "fromLogits labelSmoothing axis",
  BinaryFocalCrossentropy: "applyClassBalancing alpha gamma fromLogits labelSmoothing axis",
  CTC: "",
  CategoricalCrossentropy: "fromLogits labelSmoothing axis",
  CategoricalFocalCrossentropy: "alpha gamma fromLogits labelSmoothing axis",
  CategoricalGeneralizedCrossEntropy: "q",
  CategoricalHinge: "",
  Circle: "gamma margin removeDiagonal",
  CosineSimilarity: "axis",
  Dice: "axis",
  Hinge: "",
  Huber: "delta",
  KLDivergence: "",
  LogCosh: "",
  MeanAbsoluteError: "",
  MeanAbsolutePercentageError: "",
  MeanSquaredError: "",
  MeanSquaredLogarithmicError: "",
  Poisson: "",
  SparseCategoricalCrossentropy: "fromLogits ignoreClass axis",
  SquaredHinge: "",
  Tversky: "alpha beta axis",
};

export const metricOptions: Readonly<Record<string, string>> = {
  AUC: "numThresholds curve summationMethod thresholds multiLabel numLabels labelWeights fromLogits",
  Accuracy: "",
  BinaryAccuracy: "threshold",
  BinaryCrossentropy: "fromLogits labelSmoothing",
  BinaryIoU: "targetClassIds threshold",
  CategoricalAccuracy: "",
  CategoricalCrossentropy: "fromLogits labelSmoothing axis",
  CategoricalHinge: "",
  ConcordanceCorrelation: "axis",
  CosineSimilarity: "axis",
  F1Score: "average threshold",
  FBetaScore: "average beta threshold",
  FalseNegatives: "thresholds",
  FalsePositives: "thresholds",
  Hinge: "",
  IoU: "numClasses targetClassIds ignoreClass sparseYTrue sparseYPred axis",
  KLDivergence: "",
  LogCoshError: "",
  Mean: "",
  MeanAbsoluteError: "",
  MeanAbsolutePercentageError: "",
  MeanIoU: "numClasses ignoreClass sparseYTrue sparseYPred axis",
  MeanMetricWrapper: "fn",
  MeanSquaredError: "",
  MeanSquaredLogarithmicError: "",
  OneHotIoU: "numClasses targetClassIds ignoreClass sparseYPred axis",
  OneHotMeanIoU: "numClasses ignoreClass sparseYPred axis",
  PearsonCorrelation: "axis",
  Poisson: "",
  Precision: "thresholds topK classId",
  PrecisionAtRecall: "recall numThresholds classId",
  R2Score: "classAggregation numRegressors",
  Recall: "thresholds topK classId",
  RecallAtPrecision: "precision numThresholds classId",
  RootMeanSquaredError: "",
  SensitivityAtSpecificity: "specificity numThresholds classId",
  SparseCategoricalAccuracy: "",
  SparseCategoricalCrossentropy: "fromLogits ignoreClass axis",
  SparseTopKCategoricalAccuracy: "k fromSortedIds",
  SpecificityAtSensitivity: "sensitivity numThresholds classId",
  SquaredHinge: "",
  Sum: "",
  TopKCategoricalAccuracy: "k",
  TrueNegatives: "thresholds",
  TruePositives: "thresholds",
};

export const optimizerOptions: Readonly<Record<string, string>> = {
  Adadelta:
    "learningRate rho epsilon weightDecay clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name",
  Adafactor:
    "learningRate beta2Decay epsilon1 epsilon2 clipThreshold relativeStep weightDecay clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name",
  Adagrad:
    "learningRate initialAccumulatorValue epsilon weightDecay clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name",
  Adam: "learningRate beta1 beta2 epsilon amsgrad weightDecay clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name",
  AdamW:
    "learningRate weightDecay beta1 beta2 epsilon amsgrad clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name",
  Adamax:
    "learningRate beta1 beta2 epsilon weightDecay clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name",
  Ftrl: "learningRate learningRatePower initialAccumulatorValue l1RegularizationStrength l2RegularizationStrength l2ShrinkageRegularizationStrength beta weightDecay clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name",
  Lamb: "learningRate beta1 beta2 epsilon weightDecay clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name",
  Lion: "learningRate beta1 beta2 weightDecay clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name",
  LossScaleOptimizer: "innerOptimizer initialScale dynamicGrowthSteps name",
  MultiOptimizer: "optimizerMap lossScaleFactor name",
  Muon: "learningRate adamBeta1 adamBeta2 adamWeightDecay epsilon weightDecay clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name excludeLayers excludeEmbeddings muonA muonB muonC adamLrRatio momentum nsSteps nesterov rmsRate",
  Nadam:
    "learningRate beta1 beta2 epsilon weightDecay clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name",
  OptimizerMap: "defaultOptimizer optimizerMap",
  RMSprop:
    "learningRate rho momentum epsilon centered weightDecay clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name",
  SGD: "learningRate momentum nesterov weightDecay clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name",
  ScheduleFreeAdamW:
    "learningRate beta1 beta2 epsilon warmupSteps weightDecay clipnorm clipvalue globalClipnorm useEma emaMomentum emaOverwriteFrequency lossScaleFactor gradientAccumulationSteps name",
};

export const scheduleOptions: Readonly<Record<string, string>> = {
  CosineDecay: "initialLearningRate decaySteps alpha name warmupTarget warmupSteps",
  CosineDecayRestarts: "initialLearningRate firstDecaySteps tMul mMul alpha name",
  ExponentialDecay: "initialLearningRate decaySteps decayRate staircase name",
  InverseTimeDecay: "initialLearningRate decaySteps decayRate staircase name",
  PiecewiseConstantDecay: "boundaries values name",
  PolynomialDecay: "initialLearningRate decaySteps endLearningRate power cycle name",
};

export const initializerOptions: Readonly<Record<string, string>> = {
  Constant: "value",
  GlorotNormal: "seed inputAxes outputAxes",
  GlorotUniform: "seed inputAxes outputAxes",
  HeNormal: "seed inputAxes outputAxes",
  HeUniform: "seed inputAxes outputAxes",
  Identity: "gain",
  LecunNormal: "seed inputAxes outputAxes",
  LecunUniform: "seed inputAxes outputAxes",
  Ones: "",
  Orthogonal: "gain seed",
  RandomNormal: "mean stddev seed",
  RandomUniform: "minval maxval seed",
  STFT: "side window scaling periodic",
  TruncatedNormal: "mean stddev seed",
  VarianceScaling: "scale mode distribution seed inputAxes outputAxes",
  Zeros: "",
};

export const regularizerOptions: Readonly<Record<string, string>> = {
  L1: "l1",
  L1L2: "l1 l2",
  L2: "l2",
  OrthogonalRegularizer: "factor mode",
};

export const constraintOptions: Readonly<Record<string, string>> = {
  MaxNorm: "maxValue axis",
  MinMaxNorm: "minValue maxValue rate axis",
  NonNeg: "",
  UnitNorm: "axis",
};

export const callbackOptions: Readonly<Record<string, string>> = {
  BackupAndRestore: "backupDir saveFreq doubleCheckpoint deleteCheckpoint",
  CSVLogger: "filename separator append",
  EarlyStopping: "monitor minDelta patience verbose mode baseline restoreBestWeights startFromEpoch",
  History: "",
  LambdaCallback: "onEpochBegin onEpochEnd onTrainBegin onTrainEnd onTrainBatchBegin onTrainBatchEnd",
  LearningRateScheduler: "schedule verbose",
  ModelCheckpoint: "filepath monitor verbose saveBestOnly saveWeightsOnly mode saveFreq initialValueThreshold",
  OrbaxCheckpoint:
    "directory monitor verbose saveBestOnly mode saveFreq initialValueThreshold maxToKeep saveOnBackground saveWeightsOnly",
  ProgbarLogger: "",
  ReduceLROnPlateau: "monitor factor patience verbose mode minDelta cooldown minLr baseline",
  RemoteMonitor: "root path field headers sendAsJson",
  SwapEMAWeights: "swapOnEpoch",
  TensorBoard:
    "logDir histogramFreq writeGraph writeImages writeStepsPerSecond updateFreq profileBatch embeddingsFreq embeddingsMetadata",
  TerminateOnNaN: "raiseError",
};
